import Keyspace

/// The numbers of the format in which Redis saves its data.
public enum RDB {
    /// The version of what is written where nothing asks for more: Redis 7.0 reads it.
    public static let version = 10
    /// The version of what holds fields of hashes with a time to live.
    public static let fieldExpiryVersion = 12
    /// The newest version that is read.
    public static let newestVersion = 12
    /// The field, before all keys, of a file that says of values what they were derived from.
    static let graphField: StaticString = "freshet-graph"

    /// What a byte of a file means that is not the type of a value.
    public enum Opcode {
        public static let slotInfo: UInt8 = 244
        public static let function: UInt8 = 245
        public static let functionOfCandidate: UInt8 = 246
        public static let moduleAuxiliary: UInt8 = 247
        public static let idle: UInt8 = 248
        public static let frequency: UInt8 = 249
        public static let auxiliary: UInt8 = 250
        public static let sizes: UInt8 = 251
        public static let expiryInMilliseconds: UInt8 = 252
        public static let expiryInSeconds: UInt8 = 253
        public static let selectDatabase: UInt8 = 254
        public static let end: UInt8 = 255
    }

    /// How strings that are not spelled out begin: two set bits, and one of these.
    enum StringForm {
        static let integer8: UInt8 = 0
        static let integer16: UInt8 = 1
        static let integer32: UInt8 = 2
        static let compressed: UInt8 = 3
    }

    /// How a node of a list holds its elements.
    enum ListNode {
        /// One element as it is.
        static let plain = 1
        /// A listpack.
        static let packed = 2
    }
}

/// How a value is written: the byte before a key in a file, or the first one of a DUMP payload.
public enum RDBType: UInt8, Sendable {
    case string = 0
    case list = 1
    case set = 2
    /// Scores as text.
    case sortedSetOfTexts = 3
    case hash = 4
    case sortedSet = 5
    case moduleOld = 6
    case module = 7
    case hashZipmap = 9
    case listZiplist = 10
    case setIntegers = 11
    case sortedSetZiplist = 12
    case hashZiplist = 13
    /// Nodes are ziplists.
    case listOfZiplists = 14
    case stream = 15
    case hashListpack = 16
    case sortedSetListpack = 17
    case listOfListpacks = 18
    case stream2 = 19
    case setListpack = 20
    case stream3 = 21
    /// The forms that release candidates of Redis 7.4 wrote.
    case hashWithExpiriesOfCandidate = 22
    case hashListpackWithExpiriesOfCandidate = 23
    case hashWithExpiries = 24
    case hashListpackWithExpiries = 25

    /// How the value of `entry` is written.
    public init(_ entry: Entry) {
        switch entry.type {
        case .string: self = .string
        case .list: self = .listOfListpacks
        case .set: self = entry.encoding == .intset ? .setIntegers : .set
        case .sortedSet: self = entry.encoding == .listpack ? .sortedSetListpack : .sortedSet
        case .hash:
            switch entry.encoding {
            case .listpack: self = .hashListpack
            case .listpackExtended: self = .hashListpackWithExpiries
            default: self = entry.aggregate(HashValue.self).minimumExpiry == .max ? .hash : .hashWithExpiries
            }
        case .stream: self = .stream2
        }
    }

    /// The version that a reader of this must know.
    public var version: Int {
        rawValue >= Self.hashWithExpiriesOfCandidate.rawValue ? RDB.fieldExpiryVersion : RDB.version
    }
}

/// When values are kept in which encoding.
public struct ValueLimits: Sendable {
    public var hash: HashLimits
    public var list: ListLimits
    public var set: SetLimits
    public var sortedSet: SortedSetLimits

    public init(
        hash: HashLimits = HashLimits(), list: ListLimits = ListLimits(), set: SetLimits = SetLimits(),
        sortedSet: SortedSetLimits = SortedSetLimits()
    ) {
        self.hash = hash
        self.list = list
        self.set = set
        self.sortedSet = sortedSet
    }
}
