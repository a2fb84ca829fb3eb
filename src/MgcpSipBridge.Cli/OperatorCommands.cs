using System.CommandLine;

namespace MgcpSipBridge.Cli;

/// <summary>Makes a command that asks a bridge.</summary>
internal delegate Command VerbMaker(string name, string about, Func<Bridge, ParseResult, Task> run, params Symbol[] symbols);

/// <summary>The verbs of those who run a bridge: its storage, its configuration.</summary>
internal static class OperatorCommands
{
    /// <summary>All of them.</summary>
    public static IEnumerable<Command> Build(VerbMaker verb)
    {
        var copy = new Argument<string>("file") { Description = "Where the copy is written" };
        var overwrite = new Option<bool>("--force") { Description = "Write over a file that is there" };
        yield return verb("backup", "Copy the bridge's SQLite storage into a file while it runs; 'mgcp-sip-bridge storage restore' brings it back. PostgreSQL: pg_dump",
            (bridge, parse) => bridge.BackupAsync(parse.GetRequiredValue(copy), parse.GetValue(overwrite)), copy, overwrite);
        yield return verb("rekey", "Encrypt stored passwords with a new key", (bridge, _) => bridge.RekeyAsync());
    }
}
