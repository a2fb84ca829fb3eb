using System.CommandLine;
using MgcpSipBridge.Host.Configuration;
using MgcpSipBridge.Host.Provisioning;

namespace MgcpSipBridge.Host.Verbs;

/// <summary>The command line: verbs, the two files, and settings as <c>--Section:Key=value</c>.</summary>
internal static class BridgeCommands
{
    private const string SettingsHelp =
        "\n\nSettings come from --config, then environment variables (MGCPSIP_Sip__Listen__0=…), then arguments (--Sip:Listen:0=…); the later wins. " +
        "'check --settings' prints them all.\nExit codes: 0 success, 2 the configuration is wrong, 1 anything else.";

    /// <summary>Runs the verb that the arguments name; <c>serve</c> when they name none.</summary>
    public static async Task<int> RunAsync(string[] arguments, TextWriter output, TextWriter errors)
    {
        try
        {
            // Signals are the verbs' own business: the library would end a drain after two seconds.
            var invocation = new InvocationConfiguration { Output = output, Error = errors, ProcessTerminationTimeout = null, EnableDefaultExceptionHandler = false };
            return await Build(output, errors).Parse(arguments).InvokeAsync(invocation);
        }
        catch (Exception e)
        {
            await errors.WriteLineAsync("failed: " + e);
            return ExitCodes.Failure;
        }
    }

    private static RootCommand Build(TextWriter output, TextWriter errors)
    {
        var config = new Option<string?>("--config") { Description = "Settings (bridge.json)", HelpName = "file" };
        var lines = new Option<string?>("--lines") { Description = "Peers, gateways, lines and routes (lines.yaml)", HelpName = "file" };
        var describe = new Option<bool>("--settings") { Description = "Print every setting with its default and exit" };

        var reader = new LinesReader();
        LoadedConfig Read(ParseResult parse, BridgeModel? inForce) =>
            LoadedConfig.Load(parse.GetValue(config), parse.GetValue(lines), Environment.GetEnvironmentVariables(), parse.UnmatchedTokens, reader, inForce);

        LoadedConfig Load(ParseResult parse) => Read(parse, null);
        Task<int> Serve(ParseResult parse, CancellationToken cancel) => ServeVerb.RunAsync(inForce => Read(parse, inForce), output, errors);

        var serve = new Command("serve", "Run the bridge (the default)") { config, lines };
        serve.SetAction(Serve);
        var check = new Command("check", "Check the configuration, settings in the environment and among the arguments too: every error with file, line and path; exit code 2 when there is any") { config, lines, describe };
        check.SetAction(parse => parse.GetValue(describe) ? CheckVerb.Describe(output) : CheckVerb.Run(Load(parse), output));
        var demo = new Command("demo", "Place real calls between two simulated phones through a simulated PBX, on loopback; about ten seconds");
        demo.SetAction((parse, _) => DemoVerb.RunAsync(parse.UnmatchedTokens, output, errors));
        var name = new Argument<string>("name") { Description = "Whose it is" };
        var role = new Argument<string>("role") { Description = "viewer (sees), router (also decides where calls go), operator (also acts on calls) or admin (also provisions)" };
        var token = new Command("token", "Make a token of the API: prints it, and what to write into Api:Tokens") { name, role };
        token.SetAction(parse => TokenVerb.Run(parse.GetRequiredValue(name), parse.GetRequiredValue(role), output, errors));
        var storage = StorageCommands.Build(Load, config, lines, output, errors);
        var root = new RootCommand("MgcpSipBridge: analog phones behind MGCP gateways as extensions of a SIP PBX" + SettingsHelp) { config, lines, serve, demo, check, token, storage };
        root.SetAction(Serve);
        foreach (var command in (Command[])[root, serve, demo, check, .. storage.Subcommands]) command.TreatUnmatchedTokensAsErrors = false;
        return root;
    }
}
