using System.Text;

namespace MgcpSipBridge.Sip;

/// <summary>A view over one Via value: <c>SIP/2.0/UDP host:port;branch=z9hG4bK…</c> (RFC 3261 §20.42, RFC 3581).</summary>
public readonly ref struct SipVia
{
    private readonly ReadOnlySpan<byte> _parameters;

    private SipVia(ReadOnlySpan<byte> head, ReadOnlySpan<byte> transport, ReadOnlySpan<byte> host, int port, ReadOnlySpan<byte> parameters)
    {
        Head = head;
        TransportToken = transport;
        Host = host;
        Port = port;
        _parameters = parameters;
    }

    /// <summary>The beginning of a branch that is unique by RFC 3261 §8.1.1.7, not just a hash as in RFC 2543.</summary>
    public static ReadOnlySpan<byte> MagicCookie => "z9hG4bK"u8;

    /// <summary>Everything before the parameters.</summary>
    internal ReadOnlySpan<byte> Head { get; }

    /// <summary>Transport as it stands.</summary>
    public ReadOnlySpan<byte> TransportToken { get; }

    /// <summary>Transport, or null if it is none of ours.</summary>
    public SipTransport? Transport => SipTransports.Parse(TransportToken);

    /// <summary>Host of sent-by; IPv6 in brackets.</summary>
    public ReadOnlySpan<byte> Host { get; }

    /// <summary>Port of sent-by; 0 when it names none.</summary>
    public int Port { get; }

    /// <summary>Parameters.</summary>
    public SipParameters Parameters => new(_parameters);

    /// <summary>Branch; empty for none.</summary>
    public ReadOnlySpan<byte> Branch => Parameters.TryGet("branch"u8, out var branch) ? branch : default;

    /// <summary>Whether the branch begins with the magic cookie, whatever its case, and goes on.</summary>
    public bool HasMagicCookie
    {
        get
        {
            var branch = Branch;
            return branch.Length > MagicCookie.Length && Ascii.EqualsIgnoreCase(branch[..MagicCookie.Length], MagicCookie);
        }
    }

    /// <summary>Reads one Via value.</summary>
    public static bool TryParse(ReadOnlySpan<byte> value, out SipVia via) =>
        TryParseHead(value, out via, out var isVersion2) && isVersion2 && via.Parameters.AreWellFormed();

    /// <summary>Reads transport and sent-by only: enough to answer a request whose Via is otherwise bad, or of another version.</summary>
    internal static bool TryParseHead(ReadOnlySpan<byte> value, out SipVia via, out bool isVersion2)
    {
        via = default;
        var semicolon = value.IndexOf((byte)';');
        var head = SipChars.Trim(semicolon < 0 ? value : value[..semicolon]);
        var parameters = semicolon < 0 ? default : value[semicolon..];

        // The form every peer sends, without blanks around the slashes; §20.42's own example has them everywhere.
        ReadOnlySpan<byte> rest;
        isVersion2 = head.StartsWith("SIP/2.0/"u8);
        if (isVersion2)
        {
            rest = head[8..];
        }
        else
        {
            rest = head;
            if (!TryTake(ref rest, "SIP"u8) || !TryTake(ref rest, "/"u8)) return false;
            isVersion2 = TryTake(ref rest, "2.0"u8);
            if (!isVersion2) rest = rest.TrimStart("0123456789."u8);
            if (!TryTake(ref rest, "/"u8)) return false;
        }

        rest = SipChars.TrimStart(rest);
        var end = rest.IndexOfAnyExcept(SipChars.Token);
        if (end <= 0 || !SipChars.IsBlank(rest[end])) return false;
        var transport = rest[..end];
        rest = SipChars.TrimStart(rest[end..]);
        if (!TrySentBy(rest, out var host, out var port)) return false;
        via = new SipVia(head, transport, host, port, parameters);
        return true;
    }

    private static bool TrySentBy(ReadOnlySpan<byte> text, out ReadOnlySpan<byte> host, out int port)
    {
        if (SipUri.TryHostPort(ref text, out host, out port))
        {
            text = SipChars.TrimStart(text);
            if (text.IsEmpty) return true;
            if (port != 0 || text[0] != ':') return false;
            text = text[1..];
        }

        // sent-by = host [ COLON port ], and COLON takes blanks on both sides.
        if (host.IsEmpty || !SipChars.TryNumber(SipChars.Trim(text), out var number) || number is 0 or > 65535) return false;
        port = (int)number;
        return true;
    }

    private static bool TryTake(ref ReadOnlySpan<byte> text, ReadOnlySpan<byte> expected)
    {
        text = SipChars.TrimStart(text);
        if (text.Length < expected.Length || !Ascii.EqualsIgnoreCase(text[..expected.Length], expected)) return false;
        text = text[expected.Length..];
        return true;
    }
}
