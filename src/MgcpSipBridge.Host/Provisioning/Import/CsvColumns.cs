using System.Text;

namespace MgcpSipBridge.Host.Provisioning.Import;

/// <summary>The fields that a table of lines can have, and names of columns that are known to hold them.</summary>
internal static class CsvColumns
{
    /// <summary>Features that are numbers.</summary>
    public static readonly IReadOnlyList<string> Numbers = ["hotline", "forwardAlways", "forwardBusy", "forwardNoAnswer"];

    /// <summary>Features that are on or off.</summary>
    public static readonly IReadOnlyList<string> Flags = ["callWaiting", "threeWay", "transfer", "callerId", "messageWaiting", "doNotDisturb", "withholdNumber", "privacyCodes", "doNotDisturbCodes", "forwardingCodes"];

    /// <summary>All of them; slot, subunit and port make an endpoint where none is given.</summary>
    public static readonly IReadOnlyList<string> Fields =
        ["gateway", "domain", "address", "profile", "endpoint", "slot", "subunit", "port", "number", "displayName", "peer", "username", "password", .. Numbers, .. Flags];

    // What CUCM's exports call them, in one release or another; the header of the file decides, and a mapping goes before.
    private static readonly Dictionary<string, string[]> Cucm = new(StringComparer.Ordinal)
    {
        ["domain"] = ["domainname", "gatewayname", "mgcpdomainname", "gateway"],
        ["endpoint"] = ["devicename", "endpointname", "mgcpendpoint", "portname"],
        ["slot"] = ["slotnumber", "slot"],
        ["subunit"] = ["subunitnumber", "subunit", "subslot"],
        ["port"] = ["portnumber", "portidentifier", "port"],
        ["number"] = ["directorynumber1", "directorynumber", "dn", "linenumber"],
        ["displayName"] = ["display1", "display", "linedescription1", "linetextlabel1", "linetextlabel", "alertingname1", "alertingname", "devicedescription", "description"],
        ["forwardAlways"] = ["forwardalldestination1", "forwardalldestination", "cfadestination"],
        ["forwardBusy"] = ["forwardbusyexternaldestination1", "forwardbusyexternaldestination", "forwardbusydestination1", "forwardbusydestination"],
        ["forwardNoAnswer"] = ["forwardnoanswerexternaldestination1", "forwardnoanswerexternaldestination", "forwardnoanswerdestination1", "forwardnoanswerdestination"],
        ["callWaiting"] = ["callwaiting1", "callwaiting"],
    };

    /// <summary>Fields with the columns that hold them unless the mapping says otherwise, as <see cref="Canonical"/> writes them.</summary>
    public static IEnumerable<(string Field, string[] Columns)> Known(bool cucm) =>
        Fields.Select(field => (field, (string[])[.. cucm && Cucm.TryGetValue(field, out var names) ? names : [], Canonical(field)]));

    /// <summary>A name of a column without what people vary: case, spaces, punctuation.</summary>
    public static string Canonical(string name)
    {
        var text = new StringBuilder(name.Length);
        foreach (var c in name)
            if (char.IsLetterOrDigit(c)) text.Append(char.ToLowerInvariant(c));
        return text.ToString();
    }

    /// <summary>Yes or no in the words that tables have for them; null for another word.</summary>
    public static bool? Flag(string value) => value.ToLowerInvariant() switch
    {
        "true" or "yes" or "y" or "t" or "1" or "on" or "x" => true,
        "false" or "no" or "n" or "f" or "0" or "off" or "-" => false,
        _ => null,
    };

    /// <summary>An analog port as Cisco gateways name it: <c>aaln/S0/SU1/3</c>, <c>aaln/S2/3</c> without a subunit, <c>aaln/3</c> without either.</summary>
    public static string Endpoint(string slot, string subunit, string port) =>
        $"aaln/{(slot.Length > 0 ? $"S{slot}/" : "")}{(subunit.Length > 0 ? $"SU{subunit}/" : "")}{port}";
}
