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
        _tokens = new Box(Read(settings, variable, (_, _) => { }) ?? []);
    }

    /// <summary>Whether tokens are configured, be they readable at the moment or not.</summary>
    public bool Guards => _settings.Tokens.Length > 0 || _settings.TokensFile is not null;

    /// <summary>Reads all tokens; null when one of them is wrong, which <paramref name="wrong"/> is told with its setting.</summary>
    public static ImmutableArray<ApiToken>? Read(ApiSection settings, Func<string, string?> variable, Action<string, string> wrong)
    {
        var tokens = ImmutableArray.CreateBuilder<ApiToken>();
        var good = true;
        void Add(string setting, string text, string where)
        {
            if (ApiToken.Parse(text, variable, problem => wrong(setting, where + problem)) is { } token) tokens.Add(token);
            else good = false;
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
                good = false;
            }
        }

        return good ? tokens.ToImmutable() : null;
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

    /// <summary>Reads the files again. What is wrong with them is said once, and the tokens of before stay in force.</summary>
    public void Refresh()
    {
        string? problem = null;
        var tokens = Read(_settings, _variable, (setting, message) => problem ??= $"{setting}: {message}");
        if (tokens is not { } read)
        {
            if (problem != _problem) Log.NotReloaded(_log, problem!);
            _problem = problem;
            return;
        }

        _problem = null;
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

        [LoggerMessage(EventId = 6031, EventName = "ApiTokensNotReloaded", Level = LogLevel.Warning, Message = "The tokens of the API cannot be read again, those of before stay in force: {Problem}")]
        internal static partial void NotReloaded(ILogger logger, string problem);
    }
}
