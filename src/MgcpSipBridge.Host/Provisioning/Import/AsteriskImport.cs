using System.Globalization;
using System.Net;
using System.Text.Json.Nodes;

namespace MgcpSipBridge.Host.Provisioning.Import;

/// <summary>
/// Reads Asterisk's mgcp.conf as its chan_mgcp did: a setting holds for the <c>line =&gt;</c> entries that follow it, in later sections too, but for
/// <c>setvar</c>, <c>directmedia</c> and what belongs to the gateway itself, which end with their section.
/// </summary>
internal sealed class AsteriskImport
{
    private const int DefaultPort = 2427;
    private readonly ImportReport _report = new();
    private readonly ImportDefaults _defaults;
    private readonly Dictionary<string, ConfEntry> _settings = new(StringComparer.Ordinal);
    private readonly GatewayNames _names = new();
    private readonly HashSet<string> _numbers = new(StringComparer.Ordinal);

    private AsteriskImport(ImportDefaults defaults) => _defaults = defaults;

    /// <summary>What the file comes to.</summary>
    public static ImportReport Read(string text, ImportDefaults defaults)
    {
        var import = new AsteriskImport(defaults);
        var report = import._report;
        foreach (var section in AsteriskConf.Read(text, report))
        {
            if (section.Name.Equals("general", StringComparison.OrdinalIgnoreCase)) import.General(section);
            else if (report.HasRoom(section.Line)) import.Gateway(section);
        }

        foreach (var (code, outcome, what) in AsteriskOptions.ServiceCodes) report.Say(0, "", code, outcome, what);
        return report;
    }

    /// <summary>What Asterisk takes for yes.</summary>
    public static bool IsTrue(string value) => value.ToLowerInvariant() is "yes" or "true" or "y" or "t" or "1" or "on";

    private void General(ConfSection section)
    {
        foreach (var entry in section.Entries)
        {
            if (AsteriskOptions.General(entry.Name, entry.Value) is { } known) _report.Say(entry.Line, "general", entry.Name, known.Outcome, known.Text);
            else if (AsteriskOptions.IsOfLines(entry.Name)) _settings[entry.Name] = entry;
            else _report.Say(entry.Line, "general", entry.Name, ImportOutcome.NoCounterpart, "is not known");
        }
    }

    private void Gateway(ConfSection section)
    {
        // chan_mgcp writes a section that is an address in brackets after the '@', and takes nothing else from its gateway.
        var domain = IPAddress.TryParse(section.Name, out _) ? $"[{section.Name}]" : section.Name;
        var name = _defaults.Names.GetValueOrDefault(domain) ?? _names.Take(section.Name);
        var body = new JsonObject { ["name"] = name, ["domain"] = domain };
        var lines = new List<KeptResource>();
        var (host, port, endpoints) = ("", DefaultPort, new HashSet<string>(StringComparer.OrdinalIgnoreCase));
        _settings.Remove("setvar");
        foreach (var entry in section.Entries)
        {
            switch (entry.Name)
            {
                case "host":
                    host = entry.Value.Equals("dynamic", StringComparison.OrdinalIgnoreCase) ? "" : entry.Value;
                    _report.Say(entry.Line, name, entry.Name, ImportOutcome.Mapped, host.Length == 0 ? "no address: it is learnt from the gateway's RSIP" : "address");
                    break;
                case "port":
                    if (int.TryParse(entry.Value, NumberStyles.None, CultureInfo.InvariantCulture, out var given) && given is > 0 and < 65536)
                    {
                        port = given;
                        _report.Say(entry.Line, name, entry.Name, ImportOutcome.Mapped, "address");
                    }
                    else _report.Say(entry.Line, name, entry.Name, ImportOutcome.Problem, $"\"{entry.Value}\" is not a port; {DefaultPort} is taken");
                    break;
                case "line":
                    if (!endpoints.Add(entry.Value)) _report.Say(entry.Line, name, entry.Name, ImportOutcome.Problem, $"endpoint {entry.Value} is there twice; the first one is taken");
                    else if (_report.HasRoom(entry.Line) && Line(entry, name, body) is { } line) lines.Add(line);
                    break;
                case "clearvars":
                    _settings.Remove("setvar");
                    _report.Say(entry.Line, name, entry.Name, ImportOutcome.Ignored, "there are no variables here");
                    break;
                default:
                    if (AsteriskOptions.Gateway(entry.Name, entry.Value) is { } known) _report.Say(entry.Line, name, entry.Name, known.Outcome, known.Text);
                    else if (AsteriskOptions.IsOfLines(entry.Name)) _settings[entry.Name] = entry;
                    else _report.Say(entry.Line, name, entry.Name, ImportOutcome.NoCounterpart, "is not known");
                    break;
            }
        }

        if (host.Length > 0) body["address"] = $"{(IPAddress.TryParse(host, out var ip) && ip.AddressFamily == System.Net.Sockets.AddressFamily.InterNetworkV6 ? $"[{ip}]" : host)}:{port.ToString(CultureInfo.InvariantCulture)}";
        _report.Add(new KeptResource(new ResourceKey(ResourceKind.Gateway, name), "", body, 0));
        foreach (var line in lines) _report.Add(line);
    }

    private KeptResource? Line(ConfEntry entry, string gateway, JsonObject gatewayBody)
    {
        var (display, number) = CallerId(_settings.GetValueOrDefault("callerid")?.Value ?? "");
        var subject = $"{gateway} {entry.Value}";
        if (number.Length == 0)
        {
            _report.Say(entry.Line, subject, "line", ImportOutcome.Problem, "has no number: write callerid = \"Name\" <number> before it");
            return null;
        }

        var key = new ResourceKey(ResourceKind.Line, number);
        if (!_numbers.Add(number))
        {
            _report.Say(entry.Line, subject, "line", ImportOutcome.Problem, $"number {number} belongs to another line already: settings hold for all lines that follow, so each needs a callerid of its own");
            return null;
        }

        var body = new JsonObject { ["endpoint"] = entry.Value, ["number"] = number };
        if (display.Length > 0) body["displayName"] = display;
        if (_defaults.Peer.Length > 0) body["peer"] = _defaults.Peer;
        else _report.Say(entry.Line, subject, "peer", ImportOutcome.Problem, "nobody says which peer the line belongs to");
        var features = new JsonObject();
        foreach (var (name, setting) in _settings.OrderBy(s => s.Value.Line))
        {
            var known = AsteriskOptions.Line(name, setting.Value);
            if (known.Feature is { } feature) features[feature] = IsTrue(setting.Value);
            if (known.GatewayField is { } field) gatewayBody[field] = known.GatewayValue!.DeepClone();
            _report.Say(setting.Line, subject, name, known.Outcome, known.Text);
        }

        if (features.Count > 0) body["features"] = features;
        _report.Say(entry.Line, subject, "line", ImportOutcome.Mapped, $"line {number}");
        return new KeptResource(key, gateway, body, 0);
    }

    /// <summary><c>"Name" &lt;number&gt;</c>, <c>number</c> or <c>Name &lt;number&gt;</c>.</summary>
    private static (string Name, string Number) CallerId(string text)
    {
        if (text.Equals("asreceived", StringComparison.OrdinalIgnoreCase)) return ("", "");
        var open = text.LastIndexOf('<');
        if (open >= 0 && text.IndexOf('>', open) is > 0 and var close) return (text[..open].Trim().Trim('"').Trim(), text[(open + 1)..close].Trim());
        var plain = text.Trim().Trim('"');
        return plain.Length > 0 && plain.All(c => char.IsAsciiDigit(c) || c is '+' or '-' or ' ' or '(' or ')' or '*' or '#') ? ("", string.Concat(plain.Where(c => char.IsAsciiDigit(c) || c is '+' or '*' or '#'))) : (plain, "");
    }
}
