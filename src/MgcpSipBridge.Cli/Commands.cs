using System.CommandLine;
using System.CommandLine.Invocation;
using System.Globalization;
using Grpc.Core;
using Grpc.Core.Interceptors;
using Spectre.Console;

namespace MgcpSipBridge.Cli;

/// <summary>How answers are written.</summary>
internal enum OutputFormat
{
    /// <summary>Columns for people.</summary>
    Table,

    /// <summary>JSON as the REST API writes it, for programs.</summary>
    Json,

    /// <summary>The same as YAML.</summary>
    Yaml,

    /// <summary>The first column alone, a line each: what other commands take.</summary>
    Name,
}

/// <summary>The verbs. Each asks the bridge over gRPC and writes the answer; what it ends with is one of <see cref="ExitCodes"/>.</summary>
internal static class Commands
{
    // EPIPE, as Linux and macOS number it.
    private const int BrokenPipe = 32;

    /// <summary>Runs the verb that the arguments name.</summary>
    public static Task<int> RunAsync(string[] arguments, TextWriter output, TextWriter errors) => RunUntilAsync(arguments, Console.OpenStandardInput(), output, errors, CancellationToken.None);

    /// <summary>The same with another standard input, which <paramref name="cancel"/> interrupts as Ctrl-C does.</summary>
    public static async Task<int> RunUntilAsync(string[] arguments, Stream typed, TextWriter output, TextWriter errors, CancellationToken cancel)
    {
        var invocation = new InvocationConfiguration { Output = output, Error = errors, EnableDefaultExceptionHandler = false };
        var input = new StandardInput(typed);
        // @FILE is a value here, not a file of arguments.
        ParseResult Parse(IReadOnlyList<string> words) => Build(input, output, errors).Parse(words, new ParserConfiguration { ResponseFileTokenReplacer = null });
        try
        {
            var parsed = Parse(arguments);
            if (parsed.Action is not ParseErrorAction) return await parsed.InvokeAsync(invocation, cancel);
            // A word that only says what the command is about: what there is to do about it.
            if (parsed.UnmatchedTokens.Count == 0 && parsed.CommandResult.Command is { Action: null, Subcommands.Count: > 0 }) await Parse([.. arguments, "--help"]).InvokeAsync(invocation, cancel);
            else await Usage.ExplainAsync(parsed, errors);
            return ExitCodes.Usage;
        }
        catch (AnswerLostException e)
        {
            await errors.WriteAsync(e.Message);
            return e.Code;
        }
        catch (UsageException e)
        {
            await errors.WriteLineAsync(e.Message);
            return e.Code;
        }
        catch (OperationCanceledException)
        {
            return ExitCodes.Interrupted;
        }
        // Whoever read the output has seen enough of it: head, less.
        catch (IOException e) when (e.HResult == BrokenPipe)
        {
            return ExitCodes.Done;
        }
        catch (IOException e) when (e is not FileNotFoundException)
        {
            await errors.WriteLineAsync($"the output cannot be written: {e.Message}");
            return ExitCodes.Failed;
        }
    }

    // Where lines can be drawn over.
    private static IAnsiConsole? TerminalOf(TextWriter output) =>
        ReferenceEquals(output, Console.Out) && !Console.IsOutputRedirected && Environment.GetEnvironmentVariable("TERM") is not (null or "" or "dumb") ? LiveTable.Console(output) : null;

    // Elsewhere than on a terminal a row is a line, however long: programs read it.
    private static int? RoomOf(TextWriter output)
    {
        if (!ReferenceEquals(output, Console.Out) || Console.IsOutputRedirected) return null;
        if (int.TryParse(Environment.GetEnvironmentVariable("COLUMNS"), NumberStyles.None, CultureInfo.InvariantCulture, out var columns) && columns > 0) return columns;
        try
        {
            return Console.WindowWidth is > 0 and var width ? width : null;
        }
        catch (IOException)
        {
            return null;
        }
    }

    private static RootCommand Build(StandardInput input, TextWriter output, TextWriter errors)
    {
        var connection = new ConnectionOptions();
        var format = Words.Option<OutputFormat>("--output", "How answers are written, a table when left out; name: the first column alone", ["-o"]);
        format.Recursive = true;
        var gateway = new Option<string>("--gateway", "-g") { Description = "Only lines of this gateway", DefaultValueFactory = _ => "-" };
        var gatewayName = new Argument<string>("name") { Description = "The gateway's name" };
        var domain = new Argument<string>("domain") { Description = "What the gateway writes after '@'" };
        var address = new Option<string>("--address", "-a") { Description = "Its address, when several have the domain", DefaultValueFactory = _ => "" };
        var callId = new Argument<string>("id") { Description = "The call's id" };
        var ladder = new Option<bool>("--ladder") { Description = "Show the call's messages on both sides" };

        Command Verb(string name, string about, Func<Bridge, ParseResult, Task> run, params Symbol[] symbols)
        {
            var command = new Command(name, about);
            foreach (var symbol in symbols)
                if (symbol is Option option) command.Options.Add(option);
                else if (symbol is Argument argument) command.Arguments.Add(argument);
            command.SetAction(async (parse, cancel) =>
            {
                var reached = connection.Read(parse, input);
                using var channel = reached.Open();
                var bridge = new Bridge(channel.Intercept(new Changes(connection.RequestId(parse))), new AnswerWriter(output, parse.GetValue(format), errors, RoomOf(output)), input, cancel);
                try
                {
                    await run(bridge, parse);
                    return bridge.ExitCode;
                }
                catch (RpcException e)
                {
                    var (code, message) = Failures.Explain(e, reached.Server!, cancel.IsCancellationRequested);
                    await errors.WriteLineAsync(message);
                    return bridge.OnlyFailure ?? code;
                }
            });
            return command;
        }

        var watch = new Option<bool>("--watch", "-w") { Description = "Go on as it changes, until interrupted, also after the bridge was away: a table that is drawn again on a terminal; a line for each change, each state in its order, in a pipe and with -o" };
        var changes = new Option<int>("--limit", "-n") { Description = "With --watch in a pipe or with -o: stop after so many changes" };
        Task Follow<T>(Bridge bridge, ParseResult parse, Watched<T> watched, ListWish.Options wishes)
            where T : class, Google.Protobuf.IMessage<T>
        {
            wishes.OnlyForLists(parse);
            return bridge.WatchAsync(watched, parse.GetValue(changes), TerminalOf(output));
        }

        var (ofGateways, ofLines, ofPeers) = (ListWish.Options.For("state = DOWN"), ListWish.Options.For("peer = \"pbx\" AND registered = false"), ListWish.Options.For("reachability = UNREACHABLE"));
        var (ofRoutes, ofCalls) = (ListWish.Options.For("peer = \"pbx\""), ListWish.Options.For("line = \"1001\""));
        var gateways = Verb("gateways", "MGCP gateways", (bridge, parse) => parse.GetValue(watch) ? Follow(bridge, parse, bridge.WatchedGateways(), ofGateways) : bridge.GatewaysAsync(ofGateways.Read(parse)),
            ofGateways.Filter, ofGateways.OrderBy, watch, changes);
        gateways.Subcommands.Add(Verb("show", "One gateway: how it does, how it speaks, what was learnt", (bridge, parse) => bridge.GatewayAsync(parse.GetRequiredValue(gatewayName)), gatewayName));
        gateways.Subcommands.Add(Verb("discovered", "Gateways that nobody configured and that were heard", (bridge, _) => bridge.DiscoveredAsync()));
        gateways.Subcommands.Add(Verb("adopt", "Ask a discovered gateway what it has and become its call agent until the bridge ends; prints what to write into lines.yaml",
            (bridge, parse) => bridge.AdoptAsync(parse.GetRequiredValue(domain), parse.GetRequiredValue(address)), domain, address));
        gateways.Subcommands.Add(Verb("audit", "Ask a gateway which endpoints it has, and compare them with its lines", (bridge, parse) => bridge.AuditGatewayAsync(parse.GetRequiredValue(gatewayName)), gatewayName));
        var name = new Argument<string>("name") { Description = "Its name" };
        var number = new Argument<string>("number") { Description = "The line's number" };
        var fields = new Argument<string[]>("field=value") { Description = "Fields as the API's JSON names them: uri=sip:10.0.0.9, features.callWaiting=false, password=@FILE", Arity = ArgumentArity.ZeroOrMore };
        var etag = new Option<string>("--etag") { Description = "Only if it has not been changed since it had this etag", DefaultValueFactory = _ => "" };
        var force = new Option<bool>("--force") { Description = "Its lines too" };
        string[] Given(ParseResult parse) => parse.GetValue(fields) ?? [];
        string Tag(ParseResult parse) => parse.GetRequiredValue(etag);

        gateways.Subcommands.Add(Verb("create", "Provision a gateway", (bridge, parse) => bridge.CreateGatewayAsync(parse.GetRequiredValue(name), Given(parse)), name, fields));
        gateways.Subcommands.Add(Verb("update", "Change fields of a gateway", (bridge, parse) => bridge.UpdateGatewayAsync(parse.GetRequiredValue(name), Given(parse), Tag(parse)), name, fields, etag));
        gateways.Subcommands.Add(Verb("delete", "Take a gateway away", (bridge, parse) => bridge.DeleteGatewayAsync(parse.GetRequiredValue(name), Tag(parse), parse.GetValue(force)), name, etag, force));
        var lines = Verb("lines", "Analog lines",
            (bridge, parse) => parse.GetValue(watch) ? Follow(bridge, parse, bridge.WatchedLines(parse.GetRequiredValue(gateway)), ofLines) : bridge.LinesAsync(parse.GetRequiredValue(gateway), ofLines.Read(parse)),
            gateway, ofLines.Filter, ofLines.OrderBy, watch, changes);
        lines.Subcommands.Add(Verb("show", "One line: how it does, and what is provisioned", (bridge, parse) => bridge.LineAsync(parse.GetRequiredValue(number)), number));
        lines.Subcommands.Add(Verb("create", "Provision a line on a gateway",
            (bridge, parse) => bridge.CreateLineAsync(parse.GetRequiredValue(gatewayName), parse.GetRequiredValue(number), Given(parse)), gatewayName, number, fields));
        lines.Subcommands.Add(Verb("update", "Change fields of a line", (bridge, parse) => bridge.UpdateLineAsync(parse.GetRequiredValue(number), Given(parse), Tag(parse)), number, fields, etag));
        lines.Subcommands.Add(Verb("delete", "Take a line away", (bridge, parse) => bridge.DeleteLineAsync(parse.GetRequiredValue(number), Tag(parse)), number, etag));
        lines.Subcommands.Add(Verb("audit", "Ask a line's gateway for all that it tells of the line and its connections", (bridge, parse) => bridge.AuditLineAsync(parse.GetRequiredValue(number)), number));
        var peers = Verb("peers", "SIP peers", (bridge, parse) => bridge.PeersAsync(ofPeers.Read(parse)), ofPeers.Filter, ofPeers.OrderBy);
        peers.Subcommands.Add(Verb("show", "One peer", (bridge, parse) => bridge.PeerAsync(parse.GetRequiredValue(name)), name));
        peers.Subcommands.Add(Verb("create", "Provision a peer", (bridge, parse) => bridge.CreatePeerAsync(parse.GetRequiredValue(name), Given(parse)), name, fields));
        peers.Subcommands.Add(Verb("update", "Change fields of a peer", (bridge, parse) => bridge.UpdatePeerAsync(parse.GetRequiredValue(name), Given(parse), Tag(parse)), name, fields, etag));
        peers.Subcommands.Add(Verb("delete", "Take a peer away", (bridge, parse) => bridge.DeletePeerAsync(parse.GetRequiredValue(name), Tag(parse)), name, etag));
        var patience = new Option<double?>("--timeout") { Description = "Seconds to wait, 0.1 to 30; 5 when left out" };
        peers.Subcommands.Add(Verb("probe", "Ask each address of a peer by OPTIONS, now, and tell what came of it; exit code 1 when nobody there takes calls",
            (bridge, parse) => bridge.ProbePeerAsync(parse.GetRequiredValue(name), parse.GetValue(patience)), name, patience));
        var routes = Verb("routes", "Routes", (bridge, parse) => bridge.RoutesAsync(ofRoutes.Read(parse)), ofRoutes.Filter, ofRoutes.OrderBy);
        routes.Subcommands.Add(Verb("show", "One route", (bridge, parse) => bridge.RouteAsync(parse.GetRequiredValue(name)), name));
        routes.Subcommands.Add(Verb("create", "Provision a route", (bridge, parse) => bridge.CreateRouteAsync(parse.GetRequiredValue(name), Given(parse)), name, fields));
        routes.Subcommands.Add(Verb("update", "Change fields of a route", (bridge, parse) => bridge.UpdateRouteAsync(parse.GetRequiredValue(name), Given(parse), Tag(parse)), name, fields, etag));
        routes.Subcommands.Add(Verb("delete", "Take a route away", (bridge, parse) => bridge.DeleteRouteAsync(parse.GetRequiredValue(name), Tag(parse)), name, etag));
        var tested = new Argument<string>("number") { Description = "The number, as a phone would dial it; with --peer as the peer would call it" };
        var dialler = new Option<string>("--from") { Description = "Who dials: a line's number, gateway/endpoint, or a gateway", DefaultValueFactory = _ => "" };
        var at = new Option<DateTimeOffset?>("--at") { Description = "When, such as 2026-12-24T18:00+01:00; now when left out" };
        var calling = new Option<string>("--peer") { Description = "The peer that calls, instead of a line", DefaultValueFactory = _ => "" };
        var callingFor = new Option<string>("--caller") { Description = "With --peer: whom it calls for", DefaultValueFactory = _ => "" };
        routes.Subcommands.Add(Verb("test", "Where a number would go, why, and what would be sent; nothing is called",
            (bridge, parse) => bridge.TestRouteAsync(parse.GetRequiredValue(tested), parse.GetRequiredValue(dialler), parse.GetValue(at), parse.GetRequiredValue(calling), parse.GetRequiredValue(callingFor)),
            tested, dialler, at, calling, callingFor));
        var calls = Verb("calls", "Live calls", (bridge, parse) => parse.GetValue(watch) ? Follow(bridge, parse, bridge.WatchedCalls(), ofCalls) : bridge.CallsAsync(ofCalls.Read(parse)), ofCalls.Filter, ofCalls.OrderBy, watch, changes);
        calls.Subcommands.Add(Verb("show", "One call, live or ended",
            (bridge, parse) => bridge.CallAsync(parse.GetRequiredValue(callId), parse.GetValue(ladder)), callId, ladder));
        var written = new Option<string>("--write", "-w") { Description = "The file; - for standard output", Required = true };
        calls.Subcommands.Add(Verb("capture", "A call's messages on both sides as a pcap file, live or ended",
            (bridge, parse) => bridge.CaptureAsync(parse.GetRequiredValue(callId), parse.GetRequiredValue(written)), callId, written));
        var destination = new Argument<string>("destination") { Description = "Whom to call, as the line's phone would dial it" };
        calls.Subcommands.Add(Verb("hangup", "End a call on both sides", (bridge, parse) => bridge.HangUpAsync(parse.GetRequiredValue(callId)), callId));
        calls.Subcommands.Add(Verb("originate", "Ring a line; lifting it calls the destination",
            (bridge, parse) => bridge.OriginateAsync(parse.GetRequiredValue(number), parse.GetRequiredValue(destination)), number, destination));
        calls.Subcommands.Add(Verb("hold", "Let the far end of an answered call wait", (bridge, parse) => bridge.HoldAsync(parse.GetRequiredValue(callId)), callId));
        calls.Subcommands.Add(Verb("resume", "Take the far end of a call back that waits", (bridge, parse) => bridge.ResumeAsync(parse.GetRequiredValue(callId)), callId));
        var whom = new Argument<string>("destination") { Description = "A number as the line would dial it, or a URI: sip:1002@pbx.example.net", Arity = ArgumentArity.ZeroOrOne };
        var otherCall = new Option<string>("--with") { Description = "Id of another answered call: the two far ends are joined", DefaultValueFactory = _ => "" };
        calls.Subcommands.Add(Verb("transfer", "Hand the far end of an answered call on to somebody, or join it with that of another call",
            (bridge, parse) => bridge.TransferAsync(parse.GetRequiredValue(callId), parse.GetValue(whom) ?? "", parse.GetRequiredValue(otherCall)), callId, whom, otherCall));
        foreach (var command in AudioCommands.Build(Verb)) calls.Subcommands.Add(command);
        var file = new Option<string>("--file", "-f") { Description = "The file, in the form of lines.yaml; - for standard input", Required = true };
        var prune = new Option<bool>("--prune") { Description = "Delete what the API made and the file does not have" };
        var entry = new Argument<string>("id") { Description = "The entry's id" };
        var most = new Option<int>("--limit", "-n") { Description = "Most entries shown", DefaultValueFactory = _ => 50 };
        var audit = Verb("audit", "Who did what through the API, the latest first", (bridge, parse) => bridge.AuditAsync(parse.GetValue(most)), most);
        audit.Subcommands.Add(Verb("show", "One entry, with what was before and after", (bridge, parse) => bridge.AuditEntryAsync(parse.GetRequiredValue(entry)), entry));
        var filter = new Option<string>("--filter") { Description = "Only events that fit, such as 'type = \"call.*\" AND call.line = \"1001\"'", DefaultValueFactory = _ => "" };
        var record = new Argument<string>("id") { Description = "The record's id" };
        var wanted = new Option<string>("--filter") { Description = "Only records that fit, such as 'line = \"1001\" AND startTime >= 2026-05-01'", DefaultValueFactory = _ => "" };
        var records = Verb("cdr", "Records of calls that are over, the latest first", (bridge, parse) => bridge.RecordsAsync(parse.GetRequiredValue(wanted), parse.GetValue(most)), wanted, most);
        records.Subcommands.Add(Verb("show", "One record", (bridge, parse) => bridge.RecordAsync(parse.GetRequiredValue(record)), record));
        var since = new Option<string>("--since") { Description = "Token of the last event that was seen (resumeToken in JSON)", DefaultValueFactory = _ => "" };
        var count = new Option<int>("--limit", "-n") { Description = "Stop after so many" };
        var events = new Command("events", "What happens") { Verb("tail", "Events as they come, until interrupted; after the bridge was away, on from where they were as long as it keeps them",
            (bridge, parse) => bridge.TailAsync(parse.GetRequiredValue(filter), parse.GetRequiredValue(since), parse.GetValue(count)), filter, since, count) };
        var root = new RootCommand("Looks into a running MgcpSipBridge, and acts on it")
        {
            format,
            Verb("status", "The bridge in numbers", (bridge, _) => bridge.StatusAsync()),
            gateways,
            lines,
            peers,
            routes,
            calls,
            Verb("export", "What the API made, in the form of lines.yaml, without passwords; -o yaml is that, too", (bridge, _) => bridge.ExportAsync()),
            Verb("diff", "What apply would change; exit code 3 when it is anything", (bridge, parse) => bridge.ApplyAsync(parse.GetRequiredValue(file), parse.GetValue(prune), validateOnly: true), file, prune),
            Verb("apply", "Make what the API made equal to a file, all at once or not at all", (bridge, parse) => bridge.ApplyAsync(parse.GetRequiredValue(file), parse.GetValue(prune), validateOnly: false), file, prune),
            records,
            events,
            Verb("alarms", "What is wrong at the moment", (bridge, _) => bridge.AlarmsAsync()),
            audit,
            ContextCommands.Build(output, format),
        };
        foreach (var command in OperatorCommands.Build(Verb, output)) root.Subcommands.Add(command);
        foreach (var option in connection.All) root.Options.Add(option);
        HelpWithExamples.AddTo(root);
        return root;
    }
}
