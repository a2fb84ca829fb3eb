using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Sip;

public sealed partial class SipWriter
{
    /// <summary>
    /// Begins a response (§8.2.6): Via with <c>received</c> and <c>rport</c> as §18.2.1 and RFC 3581 §4 want them, From, To, Call-ID, CSeq, and
    /// Timestamp in a 100 (§8.2.6.1).
    /// </summary>
    /// <param name="request">The request; one with an error will do if <see cref="SipMessage.TryParse"/> returned it.</param>
    /// <param name="source">Where it came from.</param>
    /// <param name="status">100 to 699.</param>
    /// <param name="toTag">Our tag, written if To has none and the status is not 100; null for none.</param>
    /// <param name="phrase">Reason phrase; empty takes <see cref="SipStatus.PhraseOf"/>.</param>
    public void BeginResponse(SipMessage request, NetAddress source, int status, string? toTag, ReadOnlySpan<byte> phrase = default)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentOutOfRangeException.ThrowIfLessThan(status, 100);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(status, 699);
        Reset(request.Method, status);
        Raw("SIP/2.0 "u8);
        Number(status);
        Put((byte)' ');
        Value(phrase.IsEmpty ? SipStatus.PhraseOf(status) : phrase);
        Raw("\r\n"u8);
        FirstLineLength = _length;
        Vias(request, source);
        Copy(request, SipHeader.From);
        Name(SipHeader.To);
        Value(request.First(SipHeader.To));
        if (status != 100 && toTag is not null && request.ToTag.IsEmpty) Tag(toTag);
        Raw("\r\n"u8);
        Header(SipHeader.CallId, request.CallId);
        Header(SipHeader.CSeq, request.First(SipHeader.CSeq));
        if (status == 100 && request.Has(SipHeader.Timestamp)) Header(SipHeader.Timestamp, request.First(SipHeader.Timestamp));
    }

    private void Vias(SipMessage request, NetAddress source)
    {
        var first = true;
        foreach (var line in request.Lines(SipHeader.Via))
        {
            Name(SipHeader.Via);
            if (first && new SipValues(line).GetEnumerator() is var values && values.MoveNext())
            {
                TopVia(values.Current, source);
                if (!SipChars.Trim(values.Rest).IsEmpty)
                {
                    Raw(", "u8);
                    Value(SipChars.Trim(values.Rest));
                }
            }
            else
            {
                Value(line);
            }

            first = false;
            Raw("\r\n"u8);
        }
    }

    private void TopVia(ReadOnlySpan<byte> value, NetAddress source)
    {
        if (!SipVia.TryParseHead(value, out var via, out _))
        {
            Value(value);
            return;
        }

        Value(via.Head);
        var rport = false;
        foreach (var parameter in via.Parameters)
        {
            if (parameter.Name.IsEmpty) continue;
            // A client has no business to say where it was received from: ours replaces it.
            if (System.Text.Ascii.EqualsIgnoreCase(parameter.Name, "received"u8)) continue;
            if (System.Text.Ascii.EqualsIgnoreCase(parameter.Name, "rport"u8))
            {
                rport = true;
                continue;
            }

            Put((byte)';');
            Value(parameter.Name);
            if (parameter.Value.IsEmpty) continue;
            Put((byte)'=');
            Value(parameter.Value);
        }

        // RFC 3581 §4: with rport, received is added even if it equals sent-by.
        if (rport || !(NetAddress.TryParse(via.Host, 0, out var host) && host.SameHost(source)))
        {
            Raw(";received="u8);
            Ascii(source.Host);
        }

        if (!rport) return;
        Raw(";rport="u8);
        Number(source.Port);
    }

    /// <summary>The finished request with a Via on top, as an array of its own.</summary>
    internal byte[] ToArrayWithVia(ReadOnlySpan<byte> viaLine)
    {
        var message = GC.AllocateUninitializedArray<byte>(_length + viaLine.Length);
        Written[..FirstLineLength].CopyTo(message);
        viaLine.CopyTo(message.AsSpan(FirstLineLength));
        Written[FirstLineLength..].CopyTo(message.AsSpan(FirstLineLength + viaLine.Length));
        return message;
    }
}
