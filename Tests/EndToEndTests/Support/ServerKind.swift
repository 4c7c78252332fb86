import Foundation
import TestSupport
import Testing

/// The servers that one test runs on: Freshet, and the Redis of the distribution as the judge of expectations.
public enum ServerKind: String, CaseIterable, Sendable, CustomTestStringConvertible {
    case freshet
    case redis

    public var testDescription: String { rawValue }

    /// Every server that tests should run on here: Freshet (a missing binary is a failure unless `FRESHET_SKIP=1`),
    /// and redis-server where it is installed.
    public static let all: [ServerKind] = allCases.filter { kind in
        switch kind {
        case .freshet: ProcessInfo.processInfo.environment["FRESHET_SKIP"] != "1"
        case .redis: redisPath != nil
        }
    }

    /// The servers that know what came with this version of Redis: Freshet, and redis-server where it is new enough.
    public static func since(_ version: Version) -> [ServerKind] { all.filter { $0.version >= version } }

    /// Freshet alone.
    public static let onlyFreshet = all.filter { $0 == .freshet }

    /// A version of Redis, whose behaviour a server has.
    public struct Version: Comparable, Sendable, ExpressibleByStringLiteral, CustomStringConvertible {
        public var major: Int
        public var minor: Int

        public init(_ text: some StringProtocol) {
            let parts = text.split(separator: ".").map { Int($0) ?? 0 }
            major = parts.first ?? 0
            minor = parts.count > 1 ? parts[1] : 0
        }

        public init(stringLiteral text: String) { self.init(text) }

        public var description: String { "\(major).\(minor)" }

        public static func < (one: Version, other: Version) -> Bool {
            (one.major, one.minor) < (other.major, other.minor)
        }
    }

    public var version: Version {
        switch self {
        case .freshet: "7.4"
        case .redis: ServerKind.redisVersion
        }
    }

    /// Where the binary is. `FRESHET_SERVER` names Freshet's; otherwise it is beside the test bundle.
    public var binary: String? {
        switch self {
        case .freshet:
            if let path = ProcessInfo.processInfo.environment["FRESHET_SERVER"] { return path }
            guard let test = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe") else {
                return nil
            }
            let path = URL(fileURLWithPath: test).deletingLastPathComponent().appendingPathComponent("freshet-server")
                .path
            return FileManager.default.isExecutableFile(atPath: path) ? path : nil
        case .redis: return ServerKind.redisPath
        }
    }

    private static let redisPath: String? = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
        .map { "\($0)/redis-server" }.first { FileManager.default.isExecutableFile(atPath: $0) }

    private static let redisVersion: Version = {
        guard let redisPath else { return "0.0" }
        let text = TestSupport.run([redisPath, "--version"])?.output ?? ""
        return Version(text.split(separator: "v=").dropFirst().first?.prefix { $0 != " " } ?? "0.0")
    }()
}
