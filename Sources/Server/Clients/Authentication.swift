import Configuration
import Primitives

extension Server {
    /// Whether a user exists and the password is theirs. There is one user, `default`, whose password is `requirepass`;
    /// while that is empty every password is right.
    ///
    /// The time that it takes depends on the length of what was given only.
    func accepts(user: ByteView, password: ByteView) -> Bool {
        let isDefault = user == ByteView("default")
        guard requiresPassword else { return isDefault }
        let isRight = withConfiguration { $0.settings.requirePassword }.withView { Self.isEqual(password, $0) }
        return isRight && isDefault
    }

    /// Compares without stopping at the first difference.
    private static func isEqual(_ given: ByteView, _ secret: ByteView) -> Bool {
        guard secret.count > 0 else { return false }
        var difference = given.count ^ secret.count
        var position = 0
        for index in 0..<given.count {
            difference |= Int(given[index] ^ secret[position])
            position += 1
            if position == secret.count { position = 0 }
        }
        return difference == 0
    }
}
