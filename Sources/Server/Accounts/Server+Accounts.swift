import Commands
import Configuration
import EventLoop
import Logging
import Primitives
import Synchronization

/// Where users come from: `requirepass`, the configuration file or the ACL file; and how workers hear of changes.
extension Server {
    /// What rules of users refer to.
    var ruleContext: User.RuleContext {
        User.RuleContext(table, allowsAllChannels: settings.aclPubSubDefault == .allchannels)
    }

    /// Lets all workers take over what has changed of users before they execute anything more.
    func accountsDidChange() {
        settingsGeneration.wrappingAdd(1, ordering: .releasing)
        for worker in workers { worker.mailbox.send(.adoptSettings) }
    }

    /// Reads the users that the configuration declares, before the start.
    func loadUsers() throws(StartError) {
        let declared = withConfiguration { $0.users }
        let path = settings.aclFile
        guard !path.isEmpty else { return try declare(declared) }
        guard declared.isEmpty else {
            throw StartError(
                """
                Users are declared both in the configuration file and by 'aclfile'. Which of them is meant cannot be told: \
                use one or the other.
                """)
        }
        do throws(AccountFile.Damage) {
            accounts.replace(with: try AccountFile.load(path, ruleContext))
        } catch {
            throw StartError("Aborting startup because of ACL errors: \(error.description)")
        }
    }

    private func declare(_ users: [Configuration.DeclaredUser]) throws(StartError) {
        for declared in users {
            let name = RefusedRule.text(declared.name)
            // What is declared is all of a user, also of one that is there already.
            let rules = [Array("reset".utf8)] + declared.rules
            guard !declared.name.contains(where: { $0 <= 32 }) else {
                throw fault(declared, "Spaces not allowed in ACL usernames")
            }
            do throws(RefusedRule) {
                try accounts.apply(rules, to: declared.name, ruleContext)
            } catch {
                switch error {
                case .rule(let rule, .unknownCommand):
                    throw fault(declared, "'\(RefusedRule.text(rule))': \(AccountRuleError.unknownCommand.message)")
                case .rule(_, let reason): throw fault(declared, reason.message)
                case .unmatchedParenthesis: throw fault(declared, error.message)
                }
            }
            if declared.name.withView({ accounts.find($0) })?.user.isOn == false {
                log.notice(
                    """
                    The user '\(name)' is disabled (there is no 'on' modifier in the user description). Make sure this is \
                    not a configuration error.
                    """)
            }
        }
    }

    /// The rules may be passwords and are not shown.
    private func fault(_ user: Configuration.DeclaredUser, _ reason: String) -> StartError {
        let error = ConfigurationError.line(
            source: user.source, number: user.line, text: "user \(RefusedRule.text(user.name)) (redacted)",
            reason: "Error in user declaration: \(reason)")
        return StartError(error.description)
    }
}
