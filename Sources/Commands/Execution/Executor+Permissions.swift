import Primitives
import RESP

/// What connections may do whose user may not do everything; the others never come here.
extension Executor {
    /// Why the connection's user may not make the call, nil where it may.
    func denial(_ entry: CommandEntry, _ arguments: UnsafeBufferPointer<ByteView>) -> Denial? {
        call.session.pointee.account?.user.denial(entry, arguments)
    }

    /// The error for a call that is not permitted; the observer hears of it.
    mutating func deny(
        _ denial: Denial, _ entry: CommandEntry, _ arguments: UnsafeBufferPointer<ByteView>
    ) -> CommandError {
        observer.accessWasDenied(denial, arguments, entry: entry, session: call.session)
        guard let user = call.session.pointee.account?.user else { return CommandError("NOPERM") }
        return CommandError(composed: "NOPERM " + user.explain(denial, entry, arguments, inDetail: false))
    }

    /// Answers in the place of a queued command that was permitted when it was queued, and is not anymore.
    mutating func denyQueued(_ denial: Denial, _ entry: CommandEntry, _ arguments: UnsafeBufferPointer<ByteView>) {
        _ = deny(denial, entry, arguments)
        statistics[entry.identifier].rejected.add()
        let reason =
            switch denial {
            case .command: "no permission to execute the command or subcommand"
            case .key: "no permission to touch the specified keys"
            case .channel: "no permission to access one of the channels used as arguments"
            }
        let error = CommandError(
            composed: """
                NOPERM ACLs rules changed between the moment the transaction was accumulated and the EXEC call. This \
                command is no longer allowed for the following reason: \(reason)
                """)
        call.reply.error(error.message)
        observer.executionFailed(error)
    }
}

extension Call {
    /// The user that the caller acts for, where there is something that this user may not do.
    public var restrictedUser: User? {
        session.pointee.state.contains(.restricted) ? session.pointee.account?.user : nil
    }

    /// Throws where the caller may not do with a key what the flags say: for keys that are not among the arguments.
    public func requirePermission(_ key: ByteView, _ flags: KeySpecification.Flags) throws(CommandError) {
        guard let restrictedUser, !restrictedUser.permits(key: key, flags) else { return }
        throw CommandError("NOPERM No permissions to access a key")
    }

    /// Whether the caller may do with all keys what the flags say: for commands that find keys in values.
    public func permitsAllKeys(_ flags: KeySpecification.Flags) -> Bool {
        restrictedUser?.permitsAllKeys(entry, arguments, flags) ?? true
    }
}
