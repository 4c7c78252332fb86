/// All families of commands that work on keys alone; those about connections and the server stand with the server.
public enum DataFamilies {
    public static let all: [[Command]] = [
        TransactionCommands.commands,
        SortedSetCommands.commands,
        SortedSetRangeCommands.commands,
        SortedSetAlgebraCommands.commands,
        SortedSetPopCommands.commands,
    ]
}
