using System.Security.Cryptography;
using System.Text;

namespace MgcpSipBridge.Simulator;

/// <summary>Digest authentication by RFC 7616 §3.4 and, without qop, RFC 2617's older form (RFC 3261 §22.4), as plain text.</summary>
public static class PlainDigest
{
    /// <summary>Reads the parameters of a challenge or of credentials.</summary>
    public static Dictionary<string, string> Parse(string header)
    {
        var result = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        if (!header.StartsWith("Digest ", StringComparison.OrdinalIgnoreCase)) return result;
        foreach (var item in PlainSip.SplitCommas(header["Digest ".Length..]))
        {
            var equals = item.IndexOf('=');
            if (equals <= 0) continue;
            var value = item[(equals + 1)..].Trim();
            result[item[..equals].Trim()] = value.StartsWith('"') ? value.Trim('"').Replace("\\\"", "\"", StringComparison.Ordinal) : value;
        }

        return result;
    }

    /// <summary>The response that belongs to these credentials.</summary>
    public static string Response(Dictionary<string, string> credentials, string method, string password)
    {
        var algorithm = credentials.GetValueOrDefault("algorithm", "MD5");
        string Hash(string text) => Convert.ToHexStringLower(algorithm.Equals("SHA-256", StringComparison.OrdinalIgnoreCase)
            ? SHA256.HashData(Encoding.UTF8.GetBytes(text))
#pragma warning disable CA5351 // The protocol asks for MD5.
            : MD5.HashData(Encoding.UTF8.GetBytes(text)));
#pragma warning restore CA5351
        var a1 = Hash($"{credentials.GetValueOrDefault("username")}:{credentials.GetValueOrDefault("realm")}:{password}");
        var a2 = Hash($"{method}:{credentials.GetValueOrDefault("uri")}");
        var nonce = credentials.GetValueOrDefault("nonce");
        return credentials.TryGetValue("qop", out var qop)
            ? Hash($"{a1}:{nonce}:{credentials.GetValueOrDefault("nc")}:{credentials.GetValueOrDefault("cnonce")}:{qop}:{a2}")
            : Hash($"{a1}:{nonce}:{a2}");
    }
}
