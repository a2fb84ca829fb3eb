using System.Collections.Immutable;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace MgcpSipBridge.Host.Api.Security;

/// <summary>A bearer token, of which only a hash is known.</summary>
/// <param name="Name">Whose it is.</param>
/// <param name="Role">What he may do.</param>
/// <param name="Hash">SHA-256 of its UTF-8. Without salt and iterations, for tokens are chance, not words that people choose.</param>
/// <param name="Until">Last day (UTC) on which it is taken; null for ever.</param>
internal sealed record ApiToken(string Name, ApiRole Role, ImmutableArray<byte> Hash, DateOnly? Until)
{
    /// <summary>Fewest characters of a token: 20 of base64 are 120 bits.</summary>
    public const int FewestCharacters = 20;

    private const string HashPrefix = "sha256/";

    /// <summary>Reads <c>NAME ROLE SECRET [until=DATE]</c>; null when it is not that, or the file or variable that it names does not hold a token. What is wrong never repeats a secret.</summary>
    public static ApiToken? Parse(string text, Func<string, string?> variable, Action<string> wrong)
    {
        var words = text.Split((char[])[' ', '\t'], StringSplitOptions.RemoveEmptyEntries);
        if (words.Length is < 3 or > 4 || !TryRole(words[1], out var role))
        {
            wrong("is not NAME ROLE SECRET: ROLE is viewer, router, operator or admin, SECRET sha256/…, file:PATH or env:VARIABLE");
            return null;
        }

        DateOnly? until = null;
        if (words.Length == 4)
        {
            if (!words[3].StartsWith("until=", StringComparison.Ordinal) || !DateOnly.TryParseExact(words[3][6..], "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var day))
            {
                wrong("what follows the secret is not until=YYYY-MM-DD");
                return null;
            }

            until = day;
        }

        return Secret(words[2], variable, wrong) is { } hash ? new ApiToken(words[0], role, [.. hash], until) : null;
    }

    /// <summary>A role by its name.</summary>
    public static bool TryRole(string name, out ApiRole role)
    {
        role = default;
        // Enum.TryParse takes numbers and lists, too: "viewer,operator" would be an admin.
        return name.All(char.IsAsciiLetter) && Enum.TryParse(name, ignoreCase: true, out role) && role != ApiRole.Everybody;
    }

    /// <summary>The hash of a token.</summary>
    public static byte[] HashOf(string token) => SHA256.HashData(Encoding.UTF8.GetBytes(token));

    /// <summary>A new token, and how it is written into the settings.</summary>
    public static (string Token, string Setting) Make(string name, ApiRole role)
    {
        var token = "mgsb_" + System.Buffers.Text.Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32));
        return (token, $"{name} {role.ToString().ToLowerInvariant()} {HashPrefix}{Convert.ToBase64String(HashOf(token))}");
    }

    private static byte[]? Secret(string text, Func<string, string?> variable, Action<string> wrong)
    {
        if (text.StartsWith(HashPrefix, StringComparison.Ordinal))
        {
            var bytes = new byte[64];
            if (Convert.TryFromBase64String(text[HashPrefix.Length..], bytes, out var length) && length == SHA256.HashSizeInBytes) return bytes[..length];
            wrong("sha256/ is not followed by 32 bytes in base64");
            return null;
        }

        string? token;
        string where;
        if (text.StartsWith("env:", StringComparison.Ordinal)) (token, where) = (variable(text[4..])?.Trim(), $"environment variable {text[4..]}");
        else if (text.StartsWith("file:", StringComparison.Ordinal))
        {
            where = text[5..];
            try
            {
                token = File.ReadAllText(where).Trim();
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
            {
                wrong($"{where} cannot be read: {e.Message}");
                return null;
            }
        }
        else
        {
            wrong("a token itself does not belong into the settings: write sha256/…, file:PATH or env:VARIABLE");
            return null;
        }

        if (token is null) wrong($"{where} is not set");
        else if (token.Length < FewestCharacters || token.Any(char.IsWhiteSpace)) wrong($"{where} does not hold a token: one word of {FewestCharacters} characters or more");
        else return HashOf(token);
        return null;
    }
}
