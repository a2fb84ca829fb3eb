using System.CommandLine;

namespace MgcpSipBridge.Cli;

/// <summary>The options that say which bridge is meant; what they do not say, the environment says, and then the context.</summary>
internal sealed class ConnectionOptions
{
    private const string Default = "http://127.0.0.1:8081";
    private readonly Option<string?> _server = new("--server", "-s") { Description = $"Address of the bridge's gRPC port (or environment variable MGCPSIPCTL_SERVER; {Default} when nobody says)", Recursive = true };
    private readonly Option<string?> _token = new("--token") { Description = "Token to show, @FILE for one in a file, @- for standard input (or MGCPSIPCTL_TOKEN; among arguments others see it)", Recursive = true };
    private readonly Option<string?> _ca = new("--ca") { Description = "File of the authorities that the bridge's certificate must come from", HelpName = "file", Recursive = true };
    private readonly Option<string?> _cert = new("--cert") { Description = "File of our certificate, its key too unless --key names another", HelpName = "file", Recursive = true };
    private readonly Option<string?> _key = new("--key") { Description = "File of its key", HelpName = "file", Recursive = true };
    private readonly Option<string?> _context = new("--context", "-c") { Description = "Name of the context to use (or MGCPSIPCTL_CONTEXT)", Recursive = true };

    private readonly Option<string> _requestId = new("--request-id") { Description = "Ask again for a change whose answer was lost, under the id that was told then: it is not done twice", HelpName = "uuid", DefaultValueFactory = _ => "", Recursive = true, Hidden = true };

    /// <summary>All of them.</summary>
    public IEnumerable<Option> All => [_server, _token, _ca, _cert, _key, _context, _requestId];

    /// <summary>Which bridge is meant.</summary>
    public Connection Read(ParseResult parse, StandardInput input)
    {
        var named = parse.GetValue(_context) ?? Variable("MGCPSIPCTL_CONTEXT");
        var given = new Connection(parse.GetValue(_server) ?? Variable("MGCPSIPCTL_SERVER"), parse.GetValue(_token) ?? Variable("MGCPSIPCTL_TOKEN"), parse.GetValue(_ca), parse.GetValue(_cert), parse.GetValue(_key));
        if (given.Token == "@-") given = given with { Token = input.ReadLine()?.Trim() };
        // A server that was named is not the context's, and its token is none of that server's business.
        if (given.Server is not null && named is null) return given;
        return given.Or(Contexts.Load().Find(named)) is { Server: not null } whole ? whole : given with { Server = Default };
    }

    /// <summary>Id of an earlier try of what is asked for now; empty for none.</summary>
    public string RequestId(ParseResult parse) => parse.GetRequiredValue(_requestId);

    private static string? Variable(string name) => Environment.GetEnvironmentVariable(name) is { Length: > 0 } value ? value : null;
}
