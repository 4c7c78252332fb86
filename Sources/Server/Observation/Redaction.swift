import Commands
import Configuration
import Primitives

/// Which arguments of a call are secret and must not appear in logs, SLOWLOG and MONITOR.
enum Redaction {
    /// What is shown in the place of a secret.
    static let mark = Array("(redacted)".utf8)

    /// Whether the argument at `index` of a call of `command` (full name) is a secret.
    static func hides(_ index: Int, _ arguments: UnsafeBufferPointer<ByteView>, of command: String) -> Bool {
        switch command {
        case "auth": return index >= 1
        case "hello":
            // HELLO version [AUTH user password] [SETNAME name]
            var position = 2
            while position < arguments.count {
                if arguments[position].equalsIgnoringCase("auth") {
                    if index == position + 1 || index == position + 2 { return true }
                    position += 3
                } else {
                    position += 2
                }
            }
            return false
        // Whoever sets up or looks at users names them and their passwords.
        case "acl|setuser", "acl|deluser", "acl|getuser": return index >= 2
        case "config|set": return index >= 3 && index % 2 == 1 && Configuration.isSensitive(arguments[index - 1])
        default: return false
        }
    }
}
