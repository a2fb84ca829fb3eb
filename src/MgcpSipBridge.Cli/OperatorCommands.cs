using System.CommandLine;

namespace MgcpSipBridge.Cli;

/// <summary>Makes a command that asks a bridge.</summary>
internal delegate Command VerbMaker(string name, string about, Func<Bridge, ParseResult, Task> run, params Symbol[] symbols);

/// <summary>The verbs of those who run a bridge: its storage, its configuration.</summary>
internal static class OperatorCommands
{
    /// <summary>All of them.</summary>
    public static IEnumerable<Command> Build(VerbMaker verb, TextWriter output)
    {
        var what = new Argument<string>("line") { Description = "Its number, or its endpoint: aaln/1, aaln/1@gw1" };
        var calls = new Option<int>("--limit", "-n") { Description = "Stop after so many calls" };
        yield return verb("trace", "A line's calls, message by message on both sides, as they happen; until interrupted, also after the bridge was away", (bridge, parse) => bridge.TraceAsync(parse.GetRequiredValue(what), parse.GetValue(calls)), what, calls);
        var shell = new Argument<string>("shell") { Description = "bash, zsh or fish" };
        shell.AcceptOnlyFromAmong([.. Completion.Shells]);
        var completion = new Command("completion", "Print the script that completes this program's commands in a shell") { shell };
        completion.SetAction(parse => output.Write(Completion.Script(parse.GetRequiredValue(shell))));
        yield return completion;
        yield return verb("ready", "Whether the bridge takes calls: exit code 0 when it does, 1 when not; for scripts and containers, needs no token", (bridge, _) => bridge.ReadyAsync());
        yield return verb("doctor", "Look for what is wrong with the bridge's machine and surroundings; exit code 1 when anything is", (bridge, _) => bridge.DoctorAsync());
        var copy = new Argument<string>("file") { Description = "Where the copy is written" };
        var overwrite = new Option<bool>("--force") { Description = "Write over a file that is there" };
        yield return verb("backup", "Copy the bridge's SQLite storage into a file while it runs; 'mgcp-sip-bridge storage restore' brings it back. PostgreSQL: pg_dump",
            (bridge, parse) => bridge.BackupAsync(parse.GetRequiredValue(copy), parse.GetValue(overwrite)), copy, overwrite);
        yield return new Command("config", "The files that the bridge was started with")
        {
            verb("diff", "What reading bridge.json and lines.yaml again would change; exit code 3 when it is anything, 1 when they have mistakes", (bridge, _) => bridge.ReloadAsync(validateOnly: true)),
            verb("reload", "Read bridge.json and lines.yaml again, as SIGHUP does", (bridge, _) => bridge.ReloadAsync(validateOnly: false)),
        };
        yield return Import(verb);
        yield return verb("sounds", "Announcements that can be played to calls", (bridge, _) => bridge.SoundsAsync());
        var recording = new Argument<string>("name") { Description = "The recording's name" };
        var into = new Option<string>("--write", "-w") { Description = "The file; - for standard output", Required = true };
        var recordings = verb("recordings", "What was recorded of calls", (bridge, _) => bridge.RecordingsAsync());
        recordings.Subcommands.Add(verb("get", "Fetch a recording", (bridge, parse) => bridge.DownloadAsync(parse.GetRequiredValue(recording), parse.GetRequiredValue(into)), recording, into));
        recordings.Subcommands.Add(verb("delete", "Delete a recording", (bridge, parse) => bridge.DeleteRecordingAsync(parse.GetRequiredValue(recording)), recording));
        yield return recordings;
        yield return verb("routers", "Clients that route calls: what they are registered for, and how they do", (bridge, _) => bridge.RoutersAsync());
        yield return verb("rekey", "Encrypt stored passwords with a new key", (bridge, _) => bridge.RekeyAsync());
    }

    private static Command Import(VerbMaker verb)
    {
        var file = new Argument<string>("file") { Description = "The file; - for standard input" };
        var dry = new Option<bool>("--dry-run") { Description = "Change nothing; exit code 3 when something would be changed, 1 when it cannot be" };
        var peer = new Option<string>("--peer") { Description = "The peer that lines belong to where the file names none", DefaultValueFactory = _ => "" };
        var mapping = new Option<string?>("--mapping") { Description = "File with a FIELD=COLUMN a line: which column of the table is which field", HelpName = "file" };
        var encoding = new Option<string?>("--encoding") { Description = "What the file is in, such as windows-1252 or iso-8859-2; left out: UTF-8, what its first bytes say, or Windows-1252 with a remark", HelpName = "name" };
        var yaml = new Option<string?>("--yaml") { Description = "Write what the file comes to there, in the form of lines.yaml; - for standard output, and nothing else then", HelpName = "file" };
        var all = new Option<bool>("--all") { Description = "Show what was taken over, too" };
        Command One(string name, string about, V1.ImportProvisioningRequest.Types.Format format) => verb(name, about,
            (bridge, parse) => bridge.ImportAsync(parse.GetRequiredValue(file), new V1.ImportProvisioningRequest { Format = format, Peer = parse.GetRequiredValue(peer), ValidateOnly = parse.GetValue(dry) },
                parse.GetValue(encoding), parse.GetValue(mapping), parse.GetValue(yaml), parse.GetValue(all)), [file, dry, peer, encoding, yaml, all, .. format == V1.ImportProvisioningRequest.Types.Format.Asterisk ? [] : new Symbol[] { mapping }]);
        return new Command("import", "Take gateways and lines over from another system")
        {
            One("asterisk", "Asterisk's mgcp.conf", V1.ImportProvisioningRequest.Types.Format.Asterisk),
            One("csv", "A table of lines, its columns called as the fields of lines.yaml", V1.ImportProvisioningRequest.Types.Format.Csv),
            One("cucm", "A table as Cisco's call manager exports it, by the names of its columns", V1.ImportProvisioningRequest.Types.Format.Cucm),
        };
    }
}
