import CLinux
import Glibc

/// The program's code and constants in memory.
enum ProgramMemory {
    /// Gives back those of their pages that are in memory. Starting goes through much that serving never sees again, such as
    /// what puts the table of commands together, and the system fetches sixteen pages where one is asked for: of twelve
    /// megabytes about three stay away. What is needed comes back from the system's cache of the file.
    ///
    /// - Returns: the size of what pages were given back of, in bytes, whether or not they were in memory.
    @discardableResult
    static func release() -> Int {
        let count = Int(clinux_auxiliary(UInt(AT_PHNUM)))
        guard let headers = UnsafePointer<Elf64_Phdr>(bitPattern: clinux_auxiliary(UInt(AT_PHDR))),
            let own = (0..<count).first(where: { headers[$0].p_type == PT_PHDR })
        else { return 0 }
        // Where the file's address 0 is.
        let base = UInt(bitPattern: headers) &- UInt(headers[own].p_vaddr)
        let mask = ~(UInt(getpagesize()) &- 1)
        var released = 0
        // Pages that can be written are not those of the file any more.
        for header in UnsafeBufferPointer(start: headers, count: count)
        where header.p_type == PT_LOAD && header.p_flags & UInt32(PF_W) == 0 {
            let start = (base &+ UInt(header.p_vaddr)) & mask
            let end = (base &+ UInt(header.p_vaddr) &+ UInt(header.p_memsz)) & mask
            guard start < end else { continue }
            let size = Int(end &- start)
            if madvise(UnsafeMutableRawPointer(bitPattern: start), size, MADV_DONTNEED) == 0 { released += size }
        }
        return released
    }
}
