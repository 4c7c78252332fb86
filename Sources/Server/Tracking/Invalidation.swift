import Primitives
import RESP

/// What trackers are told: what they have to forget. Encoded in the forms that somebody needs.
final class Invalidation {
    enum Subject {
        case key(ByteView)
        case keys([[UInt8]])
        case everything
    }

    private let subject: Subject
    /// For who tracks: nothing in RESP2, where a connection gets replies only.
    private(set) lazy var push = Push(isForResp2: false) { encode($0) }
    /// For who is told in another's place and has subscribed: in RESP2 a message on a channel.
    private(set) lazy var message = Push { encode($0) }

    /// - Parameter subject: used as long as the invalidation is.
    init(_ subject: Subject) { self.subject = subject }

    private func encode(_ writer: ReplyWriter) {
        if writer.version >= 3 {
            writer.push(2)
            writer.bulk("invalidate" as StaticString)
        } else {
            writer.push(3)
            writer.bulk("message" as StaticString)
            writer.bulk("__redis__:invalidate" as StaticString)
        }
        switch subject {
        case .key(let key):
            writer.array(1)
            writer.bulk(key)
        case .keys(let keys):
            writer.array(keys.count)
            for key in keys { key.withView { writer.bulk($0) } }
        case .everything: writer.null()
        }
    }

    /// For who tracks and has named a connection that is gone.
    static func brokenRedirection(to identifier: Int) -> Push {
        Push(isForResp2: false) { writer in
            writer.push(2)
            writer.bulk("tracking-redir-broken" as StaticString)
            writer.integer(identifier)
        }
    }
}
