import Primitives

/// The manifest as it is on disk: a line `file NAME seq NUMBER type b|h|i` for each file. Names with other than visible
/// ASCII are quoted, with escapes; lines that start with `#` are comments; keys that are not known are skipped, as newer
/// versions may add some.
extension Manifest {
    /// Longest line in bytes, its end included.
    private static let maximumLine = 1024

    /// Reads a manifest.
    ///
    /// - Throws: what is wrong, with the number of the line and the line itself.
    public init(_ text: ByteView) throws(PersistenceError) {
        self.init()
        if text.isEmpty { throw PersistenceError("the manifest is empty") }
        var start = 0
        var number = 0
        while start < text.count {
            number += 1
            let rest = text[start..<text.count]
            let length = rest.buffer.firstIndex(of: UInt8(ascii: "\n"))
            let line = rest[0..<(length ?? rest.count)]
            start += line.count + 1
            if line.buffer.first == UInt8(ascii: "#") { continue }
            do throws(Fault) {
                guard length != nil else { throw .noEnd }
                try add(line)
            } catch {
                let excerpt = ByteView(line.start, count: min(line.count, 200)).string
                throw PersistenceError("the manifest's line \(number) '\(excerpt)' \(error.text)")
            }
        }
    }

    /// What can be wrong with a line.
    private enum Fault: Error {
        case noEnd, tooLong, form, name, twice, secondBase, order, kind, number

        var text: String {
            switch self {
            case .noEnd: "has no end"
            case .tooLong: "has more than \(Manifest.maximumLine) bytes"
            case .form: "is not of the form: file NAME seq NUMBER type b|h|i"
            case .name: "has a path where the name of a file belongs"
            case .twice: "names a file that another line names already"
            case .secondBase: "names a second base file"
            case .order: "has a sequence number that is not above the one before"
            case .kind: "has an unknown type of file"
            case .number: "has a sequence number out of range"
            }
        }
    }

    private mutating func add(_ line: ByteView) throws(Fault) {
        if line.count >= Self.maximumLine { throw .tooLong }
        guard !line.buffer.contains(0), let words = splitArguments(line), words.count >= 6, words.count % 2 == 0 else {
            throw .form
        }
        var name: String?
        var sequence: Int64?
        var kind: UInt8?
        for index in stride(from: 0, to: words.count, by: 2) {
            let value = words[index + 1]
            switch words[index].withView({ $0.lowercasedString }) {
            case "file": name = try Self.name(value)
            case "seq": sequence = value.withView { parseInteger($0) }
            case "type": kind = value.first
            default: break
            }
        }
        guard let name, let sequence, let kind else { throw .form }
        guard sequence > 0, sequence <= Self.maximumSequence else { throw .number }
        try add(Entry(name: name, sequence: sequence), kind)
    }

    private mutating func add(_ entry: Entry, _ kind: UInt8) throws(Fault) {
        if live.contains(where: { $0.name == entry.name }) || history.contains(where: { $0.name == entry.name }) {
            throw .twice
        }
        switch kind {
        case UInt8(ascii: "b"):
            if base != nil { throw .secondBase }
            base = entry
        case UInt8(ascii: "h"): history.append(entry)
        case UInt8(ascii: "i"):
            if let last = incrementals.last, entry.sequence <= last.sequence { throw .order }
            incrementals.append(entry)
        default: throw .kind
        }
    }

    /// A name that stays in the folder.
    private static func name(_ bytes: [UInt8]) throws(Fault) -> String {
        guard let name = String(validating: bytes, as: UTF8.self), !bytes.isEmpty, name != ".", name != "..",
            !bytes.contains(0), !bytes.contains(UInt8(ascii: "/")), !bytes.contains(UInt8(ascii: "\\"))
        else { throw .name }
        return name
    }

    // MARK: Writing

    /// The text of the file.
    public var text: [UInt8] {
        var text: [UInt8] = []
        func add(_ entry: Entry, _ kind: Character) {
            text += "file ".utf8
            Self.appendName(entry.name, to: &text)
            text += " seq \(entry.sequence) type \(kind)\n".utf8
        }
        if let base { add(base, "b") }
        for entry in history { add(entry, "h") }
        for entry in incrementals { add(entry, "i") }
        return text
    }

    /// Adds a name, quoted where it has bytes that are not visible ASCII, or that a quoted name has escapes for.
    private static func appendName(_ name: String, to text: inout [UInt8]) {
        let plain = name.utf8.allSatisfy {
            (33...126).contains($0) && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "'")
        }
        text += plain ? Array(name.utf8) : Array(name.utf8).withView { quotedText($0) }
    }
}
