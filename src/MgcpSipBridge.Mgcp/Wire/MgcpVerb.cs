namespace MgcpSipBridge.Mgcp;

/// <summary>The commands of RFC 3435 §2.3 and the extension verbs that exist.</summary>
public enum MgcpVerb : byte
{
    /// <summary>Four characters that name none of the others.</summary>
    Unknown,

    /// <summary>EndpointConfiguration.</summary>
    Epcf,

    /// <summary>CreateConnection.</summary>
    Crcx,

    /// <summary>ModifyConnection.</summary>
    Mdcx,

    /// <summary>DeleteConnection, from either side.</summary>
    Dlcx,

    /// <summary>NotificationRequest.</summary>
    Rqnt,

    /// <summary>Notify, from the gateway.</summary>
    Ntfy,

    /// <summary>AuditEndpoint.</summary>
    Auep,

    /// <summary>AuditConnection.</summary>
    Aucx,

    /// <summary>RestartInProgress, from the gateway.</summary>
    Rsip,

    /// <summary>Message, of the base package (Appendix B.1.4).</summary>
    Mesg,
}

/// <summary>Spelling of verbs on the wire.</summary>
public static class MgcpVerbs
{
    private static readonly string[] Names = ["????", "EPCF", "CRCX", "MDCX", "DLCX", "RQNT", "NTFY", "AUEP", "AUCX", "RSIP", "MESG"];

    /// <summary>The verb in upper case; <c>????</c> for <see cref="MgcpVerb.Unknown"/>.</summary>
    public static string Name(this MgcpVerb verb) => Names[(int)verb];

    /// <summary>
    /// Reads a verb in any case: a letter and three letters or digits (Appendix A); false for anything else. Verbs that are none of ours
    /// read as <see cref="MgcpVerb.Unknown"/>.
    /// </summary>
    public static bool TryParse(ReadOnlySpan<byte> text, out MgcpVerb verb)
    {
        verb = MgcpVerb.Unknown;
        if (text.Length != 4 || !char.IsAsciiLetter((char)text[0])) return false;
        foreach (var b in text)
        {
            if (!char.IsAsciiLetterOrDigit((char)b)) return false;
        }

        for (var i = 1; i < Names.Length; i++)
        {
            if (!System.Text.Ascii.EqualsIgnoreCase(text, Names[i])) continue;
            verb = (MgcpVerb)i;
            break;
        }

        return true;
    }
}
