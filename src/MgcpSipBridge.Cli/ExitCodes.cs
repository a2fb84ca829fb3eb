namespace MgcpSipBridge.Cli;

/// <summary>What the program ends with. Scripts rely on these.</summary>
internal static class ExitCodes
{
    /// <summary>It was done.</summary>
    public const int Done = 0;

    /// <summary>The bridge refused it, or something that was looked at is not well (doctor, peers probe, ready).</summary>
    public const int Failed = 1;

    /// <summary>The command line, or a file that it names, cannot be used; no bridge was asked to change anything.</summary>
    public const int Usage = 2;

    /// <summary>There is a difference (diff, config diff, a dry run), or digits that were collected are not what was asked for.</summary>
    public const int Different = 3;

    /// <summary>What was named is not there.</summary>
    public const int NotFound = 4;

    /// <summary>The bridge cannot be reached, or its answer was lost: a change may then be in force.</summary>
    public const int NotReached = 5;

    /// <summary>Interrupted before it was done, as shells have it.</summary>
    public const int Interrupted = 130;

    /// <summary>All of them, for help.</summary>
    public const string Help = """
        Exit codes:
          0  done
          1  the bridge refused it; or what was looked at is not well (doctor, peers probe, ready)
          2  the command line, or a file that it names, cannot be used
          3  there is a difference (diff, config diff, --dry-run); or the digits are not what was asked for (calls collect)
          4  what was named is not there
          5  the bridge cannot be reached, or its answer was lost: then it says whether a change may be in force
        What goes on until interrupted (--watch, events tail, trace) waits for a bridge that was reached once and is away, says so on standard error, and ends when it is refused: 1.

        """;
}
