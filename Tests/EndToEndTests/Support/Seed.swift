import Foundation

/// The seed of generated tests: the same in every run unless `FRESHET_SEED` is set to a number, or to `random`.
public enum Seed {
    public static let current: UInt64 = {
        let text = ProcessInfo.processInfo.environment["FRESHET_SEED"] ?? ""
        return text == "random" ? .random(in: 1...UInt64.max) : UInt64(text) ?? 20_240_729
    }()
}
