using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Simulator;

/// <summary>
/// A session description of one audio stream as plain text (RFC 8866, RFC 3264), read and written without the product's own code.
/// </summary>
/// <param name="Address">c= with the port of m=; port 0 for a refused stream.</param>
/// <param name="Formats">Payload types in order with their names: <c>0 PCMU/8000</c>.</param>
/// <param name="Direction"><c>sendrecv</c>, <c>sendonly</c>, <c>recvonly</c>, <c>inactive</c>.</param>
/// <param name="SessionId">o= session id as written.</param>
/// <param name="Version">o= version.</param>
/// <param name="Sections">Number of m= sections.</param>
public sealed partial record PlainSdp(
    NetAddress Address,
    ImmutableArray<(int Type, string Name)> Formats,
    string Direction,
    string SessionId,
    ulong Version,
    int Sections)
{
    /// <summary>Profile of m=: <c>RTP/AVP</c>, <c>RTP/SAVP</c>.</summary>
    public string Profile { get; init; } = "RTP/AVP";

    /// <summary>What stands behind <c>a=crypto:</c>, line by line (RFC 4568).</summary>
    public ImmutableArray<string> Crypto { get; init; } = [];

    /// <summary>The first format that is not telephone-event; -1 when there is none.</summary>
    public int VoiceType
    {
        get
        {
            foreach (var (type, name) in Formats)
                if (!name.StartsWith("telephone-event", StringComparison.OrdinalIgnoreCase)) return type;
            return -1;
        }
    }

    /// <summary>The payload type of telephone events; -1 when there is none.</summary>
    public int EventType
    {
        get
        {
            foreach (var (type, name) in Formats)
                if (name.StartsWith("telephone-event", StringComparison.OrdinalIgnoreCase)) return type;
            return -1;
        }
    }

    /// <summary>Reads a description that is known to be good; null when it has neither audio nor T.38.</summary>
    public static PlainSdp? Read(string text)
    {
        if (ReadFax(text) is { } fax) return fax;
        var connection = "";
        var port = -1;
        var sections = 0;
        var direction = "sendrecv";
        var types = new List<int>();
        var profile = "";
        var crypto = new List<string>();
        // RFC 3551 table 4.
        var names = new Dictionary<int, string> { [0] = "PCMU/8000", [8] = "PCMA/8000", [9] = "G722/8000", [18] = "G729/8000" };
        var origin = Array.Empty<string>();
        var inAudio = false;
        foreach (var line in text.Split(["\r\n", "\n"], StringSplitOptions.RemoveEmptyEntries))
        {
            if (line.StartsWith("o=", StringComparison.Ordinal)) origin = line[2..].Split(' ');
            else if (line.StartsWith("c=", StringComparison.Ordinal) && (sections == 0 || inAudio)) connection = line.Split(' ')[^1];
            else if (line.StartsWith("m=", StringComparison.Ordinal))
            {
                sections++;
                inAudio = port < 0 && line.StartsWith("m=audio ", StringComparison.Ordinal);
                if (!inAudio) continue;
                var parts = line.Split(' ');
                port = int.Parse(parts[1], CultureInfo.InvariantCulture);
                profile = parts[2];
                foreach (var type in parts.Skip(3)) types.Add(int.Parse(type, CultureInfo.InvariantCulture));
            }
            else if (line is "a=sendrecv" or "a=sendonly" or "a=recvonly" or "a=inactive") direction = line[2..];
            else if (inAudio && line.StartsWith("a=crypto:", StringComparison.Ordinal)) crypto.Add(line["a=crypto:".Length..]);
            else if (inAudio && line.StartsWith("a=rtpmap:", StringComparison.Ordinal))
            {
                var parts = line["a=rtpmap:".Length..].Split(' ');
                names[int.Parse(parts[0], CultureInfo.InvariantCulture)] = parts[1];
            }
        }

        if (port < 0 || !NetAddress.TryParse(connection.Contains(':') ? $"[{connection}]" : connection, port, out var address)) return null;
        return new PlainSdp(
            address,
            [.. types.Select(type => (type, names.GetValueOrDefault(type, "?")))],
            direction,
            origin.Length > 1 ? origin[1] : "",
            origin.Length > 2 && ulong.TryParse(origin[2], out var version) ? version : 0,
            sections)
        {
            CanFax = text.Contains("image udptl t38", StringComparison.OrdinalIgnoreCase),
            Profile = profile,
            Crypto = [.. crypto],
        };
    }

    /// <summary>Writes a description of one audio stream.</summary>
    public static string Write(NetAddress address, IEnumerable<string> codecs, string direction, ulong session, ulong version, bool simple = false, int ptime = 20, string profile = "RTP/AVP", ImmutableArray<string> crypto = default)
    {
        var family = address.IsIPv4 ? "IP4" : "IP6";
        var text = new StringBuilder("v=0\r\n");
        if (!simple) text.Append(CultureInfo.InvariantCulture, $"o=- {session} {version} IN {family} {address.Host}\r\ns=-\r\n");
        text.Append(CultureInfo.InvariantCulture, $"c=IN {family} {address.Host}\r\n");
        if (!simple) text.Append("t=0 0\r\n");
        var list = codecs.ToList();
        text.Append(CultureInfo.InvariantCulture, $"m=audio {address.Port} {profile} {string.Join(' ', list.Select(TypeOf))}\r\n");
        foreach (var codec in list)
        {
            text.Append(CultureInfo.InvariantCulture, $"a=rtpmap:{TypeOf(codec)} {codec}/8000\r\n");
            if (codec == "telephone-event") text.Append("a=fmtp:101 0-15\r\n");
        }

        foreach (var line in crypto.IsDefault ? [] : crypto) text.Append("a=crypto:").Append(line).Append("\r\n");
        text.Append(CultureInfo.InvariantCulture, $"a=ptime:{ptime}\r\n");
        if (direction != "sendrecv") text.Append("a=").Append(direction).Append("\r\n");
        return text.ToString();
    }

    /// <summary>Complains about what RFC 8866 §5 and §9 do not allow in a description of a real-time session.</summary>
    public static void Check(string text, List<string> complaints)
    {
        if (!text.EndsWith("\r\n", StringComparison.Ordinal)) complaints.Add("RFC 8866 §5: the description does not end with a line end");
        var lines = text.Split("\r\n");
        var order = "";
        var connected = 0;
        var sections = 0;
        var sectionConnections = 0;
        foreach (var line in lines.SkipLast(1))
        {
            if (line.Length < 2 || line[1] != '=' || line.Contains('\n') || line.Contains('\r'))
            {
                complaints.Add($"RFC 8866 §5: line \"{line}\"");
                continue;
            }

            if (sections == 0) order += line[0];
            if (line[0] == 'c')
            {
                if (sections == 0) connected++;
                else sectionConnections++;
                var parts = line[2..].Split(' ');
                if (parts.Length != 3 || parts[0] != "IN" || parts[1] is not ("IP4" or "IP6")) complaints.Add($"RFC 8866 §5.7: {line}");
            }
            else if (line[0] == 'm')
            {
                sections++;
                var parts = line[2..].Split(' ');
                if (parts.Length < 4 || !int.TryParse(parts[1].Split('/')[0], out var port) || port is < 0 or > 65535) complaints.Add($"RFC 8866 §5.14: {line}");
                else if (parts[2].StartsWith("RTP/", StringComparison.Ordinal) && parts.Skip(3).Any(type => !int.TryParse(type, out var number) || number is < 0 or > 127))
                    complaints.Add($"RFC 3551 §6: {line}");
            }
            else if (line[0] == 'o' && line[2..].Split(' ').Length != 6) complaints.Add($"RFC 8866 §5.2: {line}");
        }

        if (!order.StartsWith("vos", StringComparison.Ordinal)) complaints.Add($"RFC 8866 §5: a description begins with v=, o=, s=, not with {order}");
        if (!order.Contains('t')) complaints.Add("RFC 8866 §5: no t=");
        if (sections == 0) complaints.Add("RFC 8866 §5: no m=");
        if (connected == 0 && sectionConnections < sections) complaints.Add("RFC 8866 §5.7: no c= for every m=");
        // Every dynamic payload type needs its a=rtpmap (RFC 8866 §6.6).
        foreach (var media in lines.Where(line => line.StartsWith("m=audio", StringComparison.Ordinal)))
        {
            foreach (var type in media.Split(' ').Skip(3))
                if (int.TryParse(type, out var number) && number >= 96 && !lines.Any(line => line.StartsWith($"a=rtpmap:{number} ", StringComparison.Ordinal)))
                    complaints.Add($"RFC 8866 §6.6: payload type {number} without a=rtpmap");
        }
    }

    private static int TypeOf(string codec) => codec switch
    {
        "PCMU" => 0,
        "PCMA" => 8,
        "G722" => 9,
        "G729" => 18,
        _ => 101,
    };
}
