import Commands
import Primitives
import Synchronization

/// The line of CLIENT INFO and CLIENT LIST.
extension ClientRecord {
    /// What a connection takes of memory beside its buffers, in bytes.
    private static let fixedMemory = MemoryLayout<Connection>.size + 512

    /// Describes the connection in the form and order of Redis 7.4, without a line end.
    ///
    /// - Parameters:
    ///   - now: seconds since 1970.
    ///   - argumentBytes: size of the arguments of the command that it executes.
    func line(_ table: CommandTable, now: Int64, argumentBytes: Int) -> String {
        let identity = identity.withLock { $0 }
        let state = Flags(rawValue: flags.current)
        let output = (bytes: outputBytes.current, capacity: outputCapacity.current)
        let memory =
            Self.fixedMemory + inputCapacity.current + output.capacity + queuedBytes.current + argumentBytes
            + subscriptionBytes.current
        return """
            id=\(identifier) addr=\(address) laddr=\(localAddress) fd=\(descriptor) \
            name=\(String(decoding: identity.name, as: UTF8.self)) \
            age=\(max(0, now - createdAt)) idle=\(max(0, now - Int64(lastInteraction.current))) flags=\(letters(state)) \
            db=\(database.current) sub=\(channels.current) psub=\(patterns.current) ssub=\(shardChannels.current) \
            multi=\(queued.current) watch=\(watched.current) \
            qbuf=\(inputBytes.current) qbuf-free=\(max(0, inputCapacity.current - inputBytes.current)) \
            argv-mem=\(argumentBytes) multi-mem=\(queuedBytes.current) \
            rbs=\(output.capacity) rbp=\(outputPeak.current) obl=\(output.bytes) oll=\(output.bytes > 0 ? 1 : 0) omem=\(output.capacity) \
            tot-mem=\(memory) events=\(state.contains(.awaitsWritability) ? "rw" : "r") \
            cmd=\(table.name(of: lastCommand.current) ?? "NULL") user=\(identity.user) redir=\(state.contains(.tracking) ? redirection.current : -1) \
            resp=\(version.current) lib-name=\(String(decoding: identity.libraryName, as: UTF8.self)) \
            lib-ver=\(String(decoding: identity.libraryVersion, as: UTF8.self))
            """
    }
}

extension ClientRecord {
    /// The letters that CLIENT LIST has for a connection's states, in its order.
    private func letters(_ state: Flags) -> String {
        let all: [(isOn: Bool, letter: Character)] = [
            (state.contains(.monitor), "O"), (isSubscriber, "P"), (state.contains(.transaction), "x"),
            (state.contains(.blocked), "b"),
            (state.contains(.tracking), "t"),
            (state.contains(.tracking) && isRedirectionBroken.load(ordering: .relaxed), "R"),
            (state.contains(.broadcast), "B"), (state.contains(.dirtyWatch), "d"),
            (state.contains(.closesAfterReply), "c"), (state.contains(.unixSocket), "U"),
            (state.contains(.noEvict), "e"), (state.contains(.noTouch), "T"),
        ]
        let letters = String(all.filter(\.isOn).map(\.letter))
        return letters.isEmpty ? "N" : letters
    }
}
