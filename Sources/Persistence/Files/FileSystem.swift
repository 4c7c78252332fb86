import Glibc
import Primitives

/// The system calls of persistence, all of them: interruptions are taken up again, and a failure is an error that names
/// the file and says what the system said.
///
/// Tests put a fault in front of the calls, to see what is left on disk when any one of them fails, or the process ends
/// there. Without one that costs a comparison with nil per call.
public struct FileSystem: Sendable {
    /// A kind of system call.
    public enum Call: Sendable { case open, read, write, sync, truncate, rename, remove, makeFolder, status, list }

    /// Asked before every call, with its path: the error number with which it is to fail, or nil.
    public typealias Fault = @Sendable (Call, String) -> CInt?

    private let fault: Fault?

    /// The system's calls, each of which fails where `fault` says so.
    public init(fault: Fault? = nil) { self.fault = fault }

    /// How a file is opened.
    public enum Mode: Sendable {
        /// To be read.
        case reading
        /// To be read and shortened.
        case changing
        /// To be written at its end; created where it is missing.
        case appending
        /// To be written at its end, from nothing: what is in it goes away.
        case replacing
    }

    /// What is known of a file or folder.
    public struct Status: Sendable {
        /// In bytes.
        public let size: Int64
        public let isFolder: Bool
    }

    // MARK: Files

    /// Opens a file.
    public func open(_ path: String, _ mode: Mode) throws(PersistenceError) -> File {
        let flags: CInt =
            switch mode {
            case .reading: O_RDONLY
            case .changing: O_RDWR
            case .appending: O_WRONLY | O_APPEND | O_CREAT
            case .replacing: O_WRONLY | O_APPEND | O_CREAT | O_TRUNC
            }
        let descriptor = try check(.open, "open", path) { Glibc.open(path, flags | O_CLOEXEC, 0o644) }
        return File(path: path, descriptor: descriptor, system: self)
    }

    /// What is at `path`; nil where nothing is.
    public func status(_ path: String) throws(PersistenceError) -> Status? {
        var status = stat()
        let code = attempt(.status, path) { stat(path, &status) }.failure
        if code == ENOENT || code == ENOTDIR { return nil }
        if code != 0 { throw PersistenceError("inspect", path, code: code) }
        return Status(size: Int64(status.st_size), isFolder: status.st_mode & S_IFMT == S_IFDIR)
    }

    /// Gives a file another name, in place of the file that has it.
    public func rename(_ path: String, to target: String) throws(PersistenceError) {
        try check(.rename, "give the name \(target) to", path) { Glibc.rename(path, target) }
    }

    /// Removes a file; nothing where there is none.
    public func remove(_ path: String) throws(PersistenceError) {
        let code = attempt(.remove, path) { unlink(path) }.failure
        if code != 0, code != ENOENT { throw PersistenceError("remove", path, code: code) }
    }

    /// All of a file, which may have at most `limit` bytes.
    public func contents(_ path: String, limit: Int) throws(PersistenceError) -> [UInt8] {
        let file = try open(path, .reading)
        let size = try file.size()
        guard size <= limit else { throw PersistenceError("\(path) has \(size) bytes, where \(limit) are the most") }
        var bytes = [UInt8](repeating: 0, count: Int(size))
        var count = 0
        while count < bytes.count {
            let room = bytes.count - count
            let read = try bytes.withUnsafeMutableBufferPointer { (buffer) throws(PersistenceError) in
                guard let start = buffer.baseAddress else { return 0 }
                return try file.read(into: start + count, count: room, at: Int64(count))
            }
            if read == 0 { break }
            count += read
        }
        bytes.removeLast(bytes.count - count)
        return bytes
    }

    // MARK: Folders

    /// Creates a folder; nothing where it exists.
    public func makeFolder(_ path: String) throws(PersistenceError) {
        let code = attempt(.makeFolder, path) { mkdir(path, 0o755) }.failure
        if code == EEXIST, try status(path)?.isFolder == true { return }
        if code != 0 { throw PersistenceError("create", path, code: code) }
    }

    /// Makes new names of files in a folder last, where the file system knows how to.
    public func syncFolder(_ path: String) throws(PersistenceError) {
        let descriptor = try check(.open, "open", path) { Glibc.open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) }
        defer { close(descriptor) }
        let code = attempt(.sync, path) { fsync(descriptor) }.failure
        if code != 0, code != EINVAL { throw PersistenceError("sync", path, code: code) }
    }

    /// The names of all that is in a folder, in no order.
    public func names(in folder: String) throws(PersistenceError) -> [String] {
        if let code = fault?(.list, folder) { throw PersistenceError("list", folder, code: code) }
        guard let stream = opendir(folder) else { throw PersistenceError("list", folder, code: errno) }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { field in
                field.withMemoryRebound(to: CChar.self, capacity: Int(NAME_MAX) + 1) { String(cString: $0) }
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names
    }

    // MARK: Calls

    /// Makes a call until it is not interrupted; its result, or the error number.
    @inline(__always)
    func attempt<Result: SignedInteger>(
        _ call: Call, _ path: String, _ body: () -> Result
    ) -> (result: Result, failure: CInt) {
        if let code = fault?(call, path) { return (-1, code) }
        while true {
            let result = body()
            if result >= 0 { return (result, 0) }
            if errno != EINTR { return (result, errno) }
        }
    }

    /// Makes a call until it is not interrupted.
    @inline(__always)
    @discardableResult
    func check<Result: SignedInteger>(
        _ call: Call, _ doing: String, _ path: String, _ body: () -> Result
    ) throws(PersistenceError) -> Result {
        let (result, failure) = attempt(call, path, body)
        if failure != 0 { throw PersistenceError(doing, path, code: failure) }
        return result
    }
}

extension PersistenceError {
    /// What the system refused to do, and why.
    init(_ doing: String, _ path: String, code: CInt) {
        self.init("Cannot \(doing) \(path): \(String(cString: strerror(code)))")
    }
}
