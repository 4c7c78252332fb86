import ComputedKeys
import Keyspace

/// What has to be done before a waiting command is executed again, in slices between what others ask for.
public protocol SlicedJob: AnyObject {
    /// Whether the command can be executed.
    var isDone: Bool { get }
    /// Goes on for a slice of about half a millisecond; returns whether it is done. Called by the worker of the connection
    /// that waits, which holds no locks.
    func advance(_ access: inout Access) -> Bool
    /// The connection has gone, or its command needs it no more: ends what is for it alone. No locks are held.
    func abandon(_ access: inout Access)
}

extension CascadeJob: SlicedJob {
    public func advance(_ access: inout Access) -> Bool {
        guard let graph = access.keyspace.dependencies as? DependencyGraph else { return true }
        let isDone = access.announce { graph.advance(self, into: &$0) }
        access.commit()
        return isDone
    }

    /// What was going to be stale may as well be.
    public func abandon(_ access: inout Access) {}
}
