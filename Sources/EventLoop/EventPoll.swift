import CLinux
import Glibc

/// The kernel's readiness queue of one worker: `epoll`, level-triggered.
public struct EventPoll: ~Copyable {
    /// What a descriptor is ready for, or what it is watched for.
    public struct Interest: OptionSet, Sendable {
        public let rawValue: UInt32
        public init(rawValue: UInt32) { self.rawValue = rawValue }
        public static let read = Interest(rawValue: UInt32(EPOLLIN.rawValue))
        public static let write = Interest(rawValue: UInt32(EPOLLOUT.rawValue))
        /// The peer is gone or the descriptor has failed; reported whether asked for or not.
        public static let hangUp = Interest(rawValue: UInt32(EPOLLHUP.rawValue) | UInt32(EPOLLERR.rawValue))
        /// The peer sends nothing more: for connections that are not read from, and would not find it out.
        public static let peerClosed = Interest(rawValue: UInt32(EPOLLRDHUP.rawValue))
    }

    public struct Event {
        /// What the descriptor was registered with.
        public let token: UInt64
        public let ready: Interest
    }

    private let descriptor: CInt
    private let events: UnsafeMutablePointer<epoll_event>
    private let capacity = 256

    /// Nil where the system refuses another descriptor.
    public init?() {
        descriptor = epoll_create1(CInt(EPOLL_CLOEXEC))
        events = .allocate(capacity: capacity)
        if descriptor < 0 { return nil }
    }

    deinit {
        close(descriptor)
        events.deallocate()
    }

    /// Watches `file`; `token` comes back with its events. False where the system refuses.
    public func add(_ file: CInt, token: UInt64, interest: Interest) -> Bool {
        control(EPOLL_CTL_ADD, file, token, interest)
    }

    public func change(_ file: CInt, token: UInt64, interest: Interest) {
        _ = control(EPOLL_CTL_MOD, file, token, interest)
    }

    public func remove(_ file: CInt) { _ = control(EPOLL_CTL_DEL, file, 0, []) }

    private func control(_ operation: CInt, _ file: CInt, _ token: UInt64, _ interest: Interest) -> Bool {
        var event = epoll_event()
        event.events = interest.rawValue
        event.data.u64 = token
        return epoll_ctl(descriptor, operation, file, &event) == 0
    }

    /// Waits until something is ready, at most `milliseconds`, and returns how many events there are.
    public func wait(milliseconds: Int) -> Int {
        max(0, Int(epoll_wait(descriptor, events, CInt(capacity), CInt(clamping: milliseconds))))
    }

    /// One of the events that `wait` has found.
    @inline(__always)
    public func event(_ index: Int) -> Event {
        Event(token: events[index].data.u64, ready: Interest(rawValue: events[index].events))
    }
}
