using MgcpSipBridge.Host.Api.Security;

namespace MgcpSipBridge.Host.Verbs;

/// <summary><c>token</c>: makes a token of the API. It is shown once; the bridge knows its hash alone.</summary>
internal static class TokenVerb
{
    /// <summary>Prints a token and how it is written into the settings.</summary>
    public static int Run(string name, string role, TextWriter output, TextWriter errors)
    {
        if (!ApiToken.TryRole(role, out var meant) || name.Length == 0 || name.Any(c => char.IsWhiteSpace(c) || c == '#'))
        {
            errors.WriteLine("a token needs a name, one word, and a role: viewer, router, operator or admin");
            return ExitCodes.Configuration;
        }

        var (token, setting) = ApiToken.Make(name, meant);
        output.WriteLine($"token:      {token}");
        output.WriteLine($"Api:Tokens: \"{setting}\"");
        return ExitCodes.Success;
    }
}
