using System.Collections.Immutable;
using System.Security.Cryptography;
using MgcpSipBridge.Host.Configuration;

namespace MgcpSipBridge.Host.Api.Security;

/// <summary>The tokens in force; read again when the files behind them change.</summary>
internal sealed partial class TokenBook
{
    private readonly ApiSection _settings;
    private readonly Func<string, string?> _variable;
    private readonly ILogger _log;
    private volatile Box _tokens = new([]);
    private string? _problem;

    /// <param name="settings">The settings, which have been validated.</param>
    /// <param name="variable">Looks an environment variable up.</param>
    /// <param name="log">Where it is said that tokens were read again, or could not be.</param>
    public TokenBook(ApiSection settings, Func<string, string?> variable, ILogger log)
    {
        (_settings, _variable, _log) = (settings, variable, log);
        _tokens = new Box(ReadEach(settings, variable, (_, _) => { }).Good);
    }

    /// <summary>What is wrong with them since they were read the last time; null when nothing is.</summary>
    public string? Problem => Volatile.Read(ref _problem);

    /// <summary>Whether tokens are configured, be they readable at the moment or not.</summary>
    public bool Guards => _settings.Tokens.Length > 0 || _settings.TokensFile is not null;

    /// <summary>Reads all tokens; null when one of them is wrong, which <paramref name="wrong"/> is told with its setting.</summary>
    public static ImmutableArray<ApiToken>? Read(ApiSection settings, Func<string, string?> variable, Action<string, string> wrong) =>
        ReadEach(settings, variable, wrong) is { Wrong: { Count: 0 }, Good: var good } ? good : null;

    // Each line for itself. Of the wrong ones, the names that they begin with; null when nobody knows what lines there are.
    private static (ImmutableArray<ApiToken> Good, HashSet<string>? Wrong) ReadEach(ApiSection settings, Func<string, string?> variable, Action<string, string> wrong)
    {
        var tokens = ImmutableArray.CreateBuilder<ApiToken>();
        HashSet<string>? names = new(StringComparer.Ordinal);
        void Add(string setting, string text, string where)
        {
            if (ApiToken.Parse(text, variable, problem => wrong(setting, where + problem)) is { } token) tokens.Add(token);
            else names?.Add(text.Split((char[]?)null, 2, StringSplitOptions.RemoveEmptyEntries).FirstOrDefault() ?? "");
        }

        for (var i = 0; i < settings.Tokens.Length; i++) Add($"Api:Tokens:{i}", settings.Tokens[i], "");
        if (settings.TokensFile is { } file)
        {
            try
            {
                var number = 0;
                foreach (var line in File.ReadLines(file))
                {
                    number++;
                    if (line.Split('#')[0].Trim() is { Length: > 0 } text) Add("Api:TokensFile", text, $"{file}:{number}: ");
                }
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
            {
                wrong("Api:TokensFile", $"{file} cannot be read: {e.Message}");
                names = null;
            }
        }

        return (tokens.ToImmutable(), names);
    }

    /// <summary>Whose a token is; null when it is nobody's. Takes as long for a token that is nearly right as for any other.</summary>
    public ApiToken? Find(string token)
    {
        var hash = ApiToken.HashOf(token);
        ApiToken? found = null;
        foreach (var known in _tokens.All)
            if (CryptographicOperations.FixedTimeEquals(known.Hash.AsSpan(), hash)) found = known;
        return found;
    }

    /// <summary>
    /// Reads the files again. What is wrong with them is said once. A line that is wrong leaves what was in force under its name, so that a slip of the pen locks nobody out;
    /// all others count as they are, and a token without a line is none. A file that cannot be read leaves everything.
    /// </summary>
    public void Refresh()
    {
        string? problem = null;
        var (read, wrong) = ReadEach(_settings, _variable, (setting, message) => problem ??= $"{setting}: {message}");
        if (problem is not null && problem != _problem) Log.NotReloaded(_log, problem);
        Volatile.Write(ref _problem, problem);
        if (wrong is null) return;
        if (wrong.Count > 0) read = [.. read, .. _tokens.All.Where(old => wrong.Contains(old.Name) && !read.Any(token => token.Hash.AsSpan().SequenceEqual(old.Hash.AsSpan())))];
        if (Same(read, _tokens.All)) return;
        _tokens = new Box(read);
        Log.Reloaded(_log, read.Length);
    }

    private static bool Same(ImmutableArray<ApiToken> a, ImmutableArray<ApiToken> b) =>
        a.Length == b.Length && a.Zip(b).All(pair => pair.First with { Hash = default } == pair.Second with { Hash = default } && pair.First.Hash.AsSpan().SequenceEqual(pair.Second.Hash.AsSpan()));

    private sealed record Box(ImmutableArray<ApiToken> All);

    private static partial class Log
    {
        [LoggerMessage(EventId = 6030, EventName = "ApiTokensReloaded", Level = LogLevel.Information, Message = "The tokens of the API were read again: there are {Count}")]
        internal static partial void Reloaded(ILogger logger, int count);

        [LoggerMessage(EventId = 6031, EventName = "ApiTokensNotReloaded", Level = LogLevel.Warning, Message = "Tokens of the API cannot be read again, what was in force instead of them stays so: {Problem}")]
        internal static partial void NotReloaded(ILogger logger, string problem);
    }
}
