using System.Globalization;
using System.Text;
using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Simulator;

/// <content>A stream of T.38 in place of the audio (T.38 Annex D, RFC 5347).</content>
public sealed partial record PlainSdp
{
    /// <summary>Whether it describes T.38 over UDPTL and no audio; then there are no formats.</summary>
    public bool IsFax { get; private init; }

    /// <summary>Whether T.38 is described, or named among the capabilities (RFC 3407).</summary>
    public bool CanFax { get; private init; }

    /// <summary>T.38's attributes as written: <c>T38FaxVersion:0</c>.</summary>
    public IReadOnlyList<string> FaxAttributes { get; private init; } = [];

    /// <summary>Ports of all sections with their media types, in order: <c>audio 0</c>.</summary>
    public IReadOnlyList<string> Streams { get; private init; } = [];

    /// <summary>Writes a description of one T.38 stream.</summary>
    /// <param name="address">Where it is received.</param>
    /// <param name="session">o= session id.</param>
    /// <param name="version">o= version.</param>
    /// <param name="beside">Whether a section of audio with port 0 stands before it.</param>
    public static string WriteFax(NetAddress address, ulong session, ulong version, bool beside = false)
    {
        var family = address.IsIPv4 ? "IP4" : "IP6";
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"v=0\r\no=- {session} {version} IN {family} {address.Host}\r\ns=-\r\nc=IN {family} {address.Host}\r\nt=0 0\r\n");
        if (beside) text.Append("m=audio 0 RTP/AVP 0\r\n");
        text.Append(CultureInfo.InvariantCulture, $"m=image {address.Port} udptl t38\r\n");
        text.Append("a=T38FaxVersion:0\r\na=T38MaxBitRate:14400\r\na=T38FaxRateManagement:transferredTCF\r\na=T38FaxMaxDatagram:320\r\na=T38FaxUdpEC:t38UDPRedundancy\r\n");
        return text.ToString();
    }

    private static PlainSdp? ReadFax(string text)
    {
        var lines = text.Split(["\r\n", "\n"], StringSplitOptions.RemoveEmptyEntries);
        var media = lines.Where(line => line.StartsWith("m=", StringComparison.Ordinal)).Select(line => line.Split(' ')).ToList();
        var image = media.Find(words => words[0] == "m=image" && words[1] != "0" && words[2].Equals("udptl", StringComparison.OrdinalIgnoreCase));
        if (image is null || media.Exists(words => words[0] == "m=audio" && words[1] != "0")) return null;
        var at = Array.FindIndex(lines, line => line.StartsWith("m=image " + image[1], StringComparison.Ordinal));
        var own = lines.Skip(at + 1).TakeWhile(line => !line.StartsWith("m=", StringComparison.Ordinal)).ToList();
        var host = (own.Find(line => line.StartsWith("c=", StringComparison.Ordinal)) ?? lines.First(line => line.StartsWith("c=", StringComparison.Ordinal))).Split(' ')[^1];
        if (!NetAddress.TryParse(host.Contains(':') ? $"[{host}]" : host, int.Parse(image[1], CultureInfo.InvariantCulture), out var address)) return null;
        var origin = lines.FirstOrDefault(line => line.StartsWith("o=", StringComparison.Ordinal))?.Split(' ') ?? [];
        return new PlainSdp(address, [], "sendrecv", origin.Length > 1 ? origin[1] : "", origin.Length > 2 ? ulong.Parse(origin[2], CultureInfo.InvariantCulture) : 0, media.Count)
        {
            IsFax = true,
            CanFax = true,
            FaxAttributes = [.. own.Where(line => line.StartsWith("a=T38", StringComparison.OrdinalIgnoreCase)).Select(line => line[2..])],
            Streams = [.. media.Select(words => $"{words[0][2..]} {words[1]}")],
        };
    }
}
