import Commands
import Primitives
import Synchronization

/// All users. Each is an `Account` that never changes; whoever changes a user puts another account in its place, and workers
/// find by the generation that their connections have to take over what is new.
final class AccountRegistry: Sendable {
    private struct State {
        var accounts: [[UInt8]: Account] = [:]

        /// Puts a user in the place of the one of that name.
        mutating func put(_ user: User, _ table: CommandTable) {
            accounts[user.name] = Account(user, replacing: accounts[user.name], table)
        }

        /// Returns whether there was one.
        mutating func remove(_ name: [UInt8]) -> Bool {
            guard let account = accounts.removeValue(forKey: name) else { return false }
            account.remove()
            return true
        }
    }

    private let state = Mutex(State())
    private let table: CommandTable
    /// Counts the changes.
    let generation = Atomic<Int>(0)
    private let passwordIsRequired = Atomic<Bool>(false)

    /// The user `default` alone, with this password.
    init(_ table: CommandTable, password: [UInt8]) {
        self.table = table
        change { $0.put(.standard(password: password, table), table) }
    }

    /// What no connection is refused while the user `default` needs no password.
    var requiresPassword: Bool { passwordIsRequired.load(ordering: .relaxed) }

    /// All accounts by name.
    var all: [[UInt8]: Account] { state.withLock { $0.accounts } }

    /// All accounts in the order of their names' bytes.
    var sorted: [Account] { all.values.sorted { $0.user.name.lexicographicallyPrecedes($1.user.name) } }

    /// The account of the user `default`, who cannot be removed.
    var standard: Account { state.withLock { standard($0) } }

    private func standard(_ state: State) -> Account {
        state.accounts[User.defaultName] ?? Account(.standard(password: [], table), replacing: nil, table)
    }

    func find(_ name: ByteView) -> Account? { state.withLock { [name = name.array] in $0.accounts[name] } }

    /// The account whose name and password these are; nil where they are not. Takes as long for a name that nobody has.
    func authenticate(_ name: ByteView, password: ByteView) -> Account? {
        guard let account = find(name) else {
            _ = PasswordHash(of: password)
            return nil
        }
        return account.user.accepts(password) ? account : nil
    }

    // MARK: Changes

    private func change<R, E: Error>(_ body: (inout State) throws(E) -> R) throws(E) -> R {
        let result = try state.withLock { (state) throws(E) in
            let result = try body(&state)
            let standard = standard(state).user
            passwordIsRequired.store(!standard.needsNoPassword || !standard.isOn, ordering: .relaxed)
            return result
        }
        generation.wrappingAdd(1, ordering: .releasing)
        return result
    }

    /// Applies rules to a user, who is made where there is none; nothing happens where one of them is refused.
    func apply(_ rules: [[UInt8]], to name: [UInt8], _ context: User.RuleContext) throws(RefusedRule) {
        try change { (state) throws(RefusedRule) in
            var user = state.accounts[name]?.user ?? User(name: name, context)
            try user.apply(rules, context)
            state.put(user, table)
        }
    }

    /// Removes users and returns how many there were.
    func remove(_ names: [[UInt8]]) -> Int {
        change { state in names.count { state.remove($0) } }
    }

    /// Makes these all users there are; `default` gets back all rights where it is not among them.
    func replace(with users: [User]) {
        change { state in
            let names = Set(users.map(\.name) + [User.defaultName])
            for name in state.accounts.keys where !names.contains(name) { _ = state.remove(name) }
            if !users.contains(where: { $0.name == User.defaultName }) {
                state.put(.standard(password: [], table), table)
            }
            for user in users { state.put(user, table) }
        }
    }

    /// What `requirepass` says: the one password of the user `default`.
    func setDefaultPassword(_ password: [UInt8]) {
        change { state in
            var user = standard(state).user
            user.setPassword(password)
            state.put(user, table)
        }
    }

    /// The users as lines of the configuration file, in words. The user `default` is not among them where the file says all
    /// of it with `requirepass`.
    func configurationLines(password: [UInt8]) -> [[[UInt8]]] {
        let implied = User.standard(password: password, table)
        return sorted.map(\.user).filter { $0 != implied }.map { [$0.name] + $0.rules }
    }
}
