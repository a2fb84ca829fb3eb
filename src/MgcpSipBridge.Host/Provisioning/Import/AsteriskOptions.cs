using System.Text.Json.Nodes;
using static MgcpSipBridge.Host.Provisioning.Import.ImportOutcome;

namespace MgcpSipBridge.Host.Provisioning.Import;

/// <summary>What an option of mgcp.conf is here.</summary>
/// <param name="Outcome">What becomes of it.</param>
/// <param name="Text">What it is here, or why it is nothing.</param>
/// <param name="Feature">The line's feature that it switches; null for none.</param>
/// <param name="GatewayField">The gateway's field that it sets; null for none.</param>
/// <param name="GatewayValue">To what.</param>
internal sealed record AsteriskOption(ImportOutcome Outcome, string Text, string? Feature = null, string? GatewayField = null, JsonNode? GatewayValue = null);

/// <summary>Every option that chan_mgcp knew, with its counterpart or the reason why there is none.</summary>
internal static class AsteriskOptions
{
    private static readonly HashSet<string> OfLines =
    [
        "context", "dtmfmode", "nat", "ncs", "callerid", "language", "accountcode", "amaflags", "setvar", "musiconhold", "parkinglot", "callgroup", "pickupgroup", "immediate", "cancallforward",
        "singlepath", "directmedia", "canreinvite", "mailbox", "hasvoicemail", "adsi", "callreturn", "callwaiting", "slowsequence", "transfer", "threewaycalling", "hangupongateremove", "pktcgatealloc",
    ];

    /// <summary>Codes that phones could dial to chan_mgcp itself.</summary>
    public static readonly IReadOnlyList<(string Code, ImportOutcome Outcome, string Text)> ServiceCodes =
    [
        ("*67", Mapped, "the same here: withholds the number in this call (Dial:ServiceCodes:WithholdNumber)"),
        ("*70", NoCounterpart, "call waiting cannot be switched off for one call"),
        ("*72", Mapped, "the same here: forwards all calls (Dial:ServiceCodes:ForwardAlwaysOn)"),
        ("*73", Mapped, "the same here: forwards none (Dial:ServiceCodes:ForwardAlwaysOff)"),
        ("*78", Mapped, "the same here: do not disturb (Dial:ServiceCodes:DoNotDisturbOn)"),
        ("*79", Mapped, "the same here: disturb (Dial:ServiceCodes:DoNotDisturbOff)"),
        ("*8", Ignored, "goes to the PBX as it is dialled: picking calls up is the PBX's"),
    ];

    /// <summary>Whether an option holds for the lines that follow it.</summary>
    public static bool IsOfLines(string name) => OfLines.Contains(name);

    /// <summary>An option of [general] alone; null when it is not one.</summary>
    public static AsteriskOption? General(string name, string value) => name switch
    {
        "port" or "bindaddr" => new(Ignored, $"is Mgcp:Listen in bridge.json: \"{(name == "port" ? "ADDRESS:" + value : value + ":2427")}\" when the gateways are not to be told another port than before"),
        "firstdigittimeout" => new(Ignored, $"is Dial:FirstDigit in bridge.json: \"{value}ms\""),
        "gendigittimeout" => new(Ignored, $"is Dial:InterDigit in bridge.json: \"{value}ms\""),
        "matchdigittimeout" => new(Ignored, $"is Dial:Critical in bridge.json: \"{value}ms\""),
        "tos" => new(Ignored, "is Mgcp:Dscp in bridge.json, CS3 unless it says otherwise"),
        "tos_audio" => new(Ignored, "is Media:TrafficClass in bridge.json, EF unless it says otherwise"),
        "cos" or "cos_audio" => new(NoCounterpart, "802.1p is left to the system: a VLAN's egress map (ip link … egress-qos-map)"),
        "allow" or "disallow" => new(Ignored, "codecs are negotiated between gateway and PBX"),
        _ when name.StartsWith("jb", StringComparison.Ordinal) => new(Ignored, "audio is relayed as it comes; gateways and PBX have buffers of their own"),
        _ => null,
    };

    /// <summary>An option of the gateway itself; null when it is not one.</summary>
    public static AsteriskOption? Gateway(string name, string value) => name switch
    {
        "defaultip" => new(Ignored, $"the address is learnt from the gateway's RSIP; write address: {value} to be independent of it"),
        "permit" or "deny" => new(Ignored, "nobody but the gateway's own address is heard; alsoFrom names others"),
        "wcardep" => new(Ignored, "the bridge finds out by itself whether a gateway understands wildcards"),
        "trunk" => new(NoCounterpart, "digital and CAS trunks are not served, only analog lines"),
        _ => null,
    };

    /// <summary>An option of lines.</summary>
    public static AsteriskOption Line(string name, string value) => name switch
    {
        "callerid" => new(Mapped, "number and displayName"),
        "callwaiting" => Feature("callWaiting", value),
        "threewaycalling" => Feature("threeWay", value),
        "transfer" => Feature("transfer", value),
        "cancallforward" => Feature("forwardingCodes", value),
        "ncs" when AsteriskImport.IsTrue(value) => new(Mapped, "profile: ncs, of the gateway", null, "profile", "ncs"),
        "slowsequence" when AsteriskImport.IsTrue(value) => new(Mapped, "traits.oneAtATime, of the gateway", null, "traits", new JsonObject { ["oneAtATime"] = true }),
        "nat" when AsteriskImport.IsTrue(value) => new(Mapped, "media: learn, of the gateway", null, "media", "learn"),
        "ncs" or "slowsequence" or "nat" => new(Ignored, "is so unless something else is said"),
        "dtmfmode" when value.Equals("inband", StringComparison.OrdinalIgnoreCase) => new(Mapped, "dtmf: inband, of the gateway", null, "dtmf", "inband"),
        "dtmfmode" => new(Ignored, "telephone events are negotiated with each call; dtmf of a gateway or a peer asks for another form"),
        "directmedia" or "canreinvite" => new(Ignored, "all audio passes through the bridge"),
        "context" => new(NoCounterpart, "a dialplan is the PBX's: routes say which peer gets what is dialled"),
        "callgroup" or "pickupgroup" => new(NoCounterpart, "picking calls up is the PBX's"),
        "mailbox" or "hasvoicemail" => new(Ignored, "the PBX says when messages wait (subscribesToMessages of its peer, or unasked)"),
        "immediate" when AsteriskImport.IsTrue(value) => new(NoCounterpart, "a dialplan is the PBX's; features.hotline calls a number as soon as the handset is lifted"),
        "accountcode" or "amaflags" => new(NoCounterpart, "call records name the line; the PBX has its own"),
        "setvar" => new(NoCounterpart, "variables are the PBX's"),
        "musiconhold" => new(NoCounterpart, "is the PBX's, unless Media:HoldMusic or holdMusic of the peer names sounds of the bridge"),
        "language" or "parkinglot" => new(NoCounterpart, "is the PBX's"),
        "callreturn" => new(NoCounterpart, "*69 goes to the PBX as it is dialled"),
        "pktcgatealloc" or "hangupongateremove" => new(NoCounterpart, "DQoS gates of PacketCable are not allocated"),
        "adsi" => new(NoCounterpart, "displays get the caller's number and name, no ADSI"),
        _ => new(Ignored, "is so unless something else is said"),
    };

    private static AsteriskOption Feature(string feature, string value) => new(Mapped, $"features.{feature}: {(AsteriskImport.IsTrue(value) ? "true" : "false")}", feature);
}
