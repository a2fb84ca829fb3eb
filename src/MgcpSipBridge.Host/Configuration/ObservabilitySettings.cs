using System.Globalization;

namespace MgcpSipBridge.Host.Configuration;

/// <summary>Checks where messages and traces are to be sent.</summary>
internal static class ObservabilitySettings
{
    private const int HepPort = 9060;
    // HEP3 has two bytes for a length, and a message needs its share.
    private const int MaxPassword = 256;

    /// <summary>Tells what is wrong with its setting.</summary>
    public static void Validate(ObservabilitySection settings, Action<string, string> wrong)
    {
        if (settings.Hep.Address is { } hep && HostAndPort(hep) is null) wrong("Observability:Hep:Address", $"\"{hep}\" is not host:port, such as homer.example.net:{HepPort}");
        if (settings.Hep.Password is { Length: > MaxPassword }) wrong("Observability:Hep:Password", $"is longer than {MaxPassword} characters");
        if (settings.Otlp.Endpoint is { } otlp && !(Uri.TryCreate(otlp, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https"))
            wrong("Observability:Otlp:Endpoint", $"\"{otlp}\" is not http://host:port or https://host:port");
    }

    /// <summary>The host and port of a capture server; null when it is neither a name nor an address.</summary>
    public static (string Host, int Port)? HostAndPort(string text)
    {
        if (SansIo.NetAddress.TryParse(text, HepPort, out var address)) return address.Port == 0 || address.IsUnspecified ? null : (address.Host, address.Port);
        var colon = text.LastIndexOf(':');
        var host = colon < 0 ? text : text[..colon];
        if (!SettingsValidator.IsHostName(host)) return null;
        if (colon < 0) return (host, HepPort);
        return ushort.TryParse(text.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var port) && port > 0 ? (host, port) : null;
    }
}
