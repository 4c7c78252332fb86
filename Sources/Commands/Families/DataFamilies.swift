/// All families of commands that work on keys alone; those about connections and the server stand with the server.
public enum DataFamilies {
    public static let all: [[Command]] = [
        CommandCommands.commands,
        ComputeCommands.commands,
        ComputeSourceCommands.commands,
        ComputeInspectionCommands.commands,
        StringCommands.commands,
        StringNumberCommands.commands,
        StringRangeCommands.commands,
        LongestCommonSubsequence.commands,
        HashAtomicCommands.commands,
        HashCommands.commands,
        HashCounterCommands.commands,
        HashExpiryCommands.commands,
        HashSampleCommands.commands,
        KeyCommands.commands,
        KeyExpiryCommands.commands,
        KeyspaceCommands.commands,
        ObjectCommands.commands,
        SortCommands.commands,
        SortedSetAlgebraCommands.commands,
        SortedSetBlockingCommands.commands,
        SortedSetCommands.commands,
        SortedSetPopCommands.commands,
        SortedSetRangeCommands.commands,
        TransactionCommands.commands,
    ]
}
