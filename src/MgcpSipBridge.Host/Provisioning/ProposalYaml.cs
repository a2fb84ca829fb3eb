using System.Globalization;
using System.Text;
using MgcpSipBridge.Mgcp;

namespace MgcpSipBridge.Host.Provisioning;

/// <summary>
/// Writes what an adopted gateway said it has as a piece of lines.yaml. Numbers are left empty, for only the operator knows them, and <c>check</c> names each one
/// that is still missing.
/// </summary>
internal static class ProposalYaml
{
    /// <summary>The text; all that the gateway wrote is quoted, and in comments reduced to harmless letters.</summary>
    /// <param name="name">The gateway's name here.</param>
    /// <param name="proposal">What it said.</param>
    /// <param name="peers">Names of the peers: where there is one, the lines are proposed for it.</param>
    public static string Write(string name, GatewayProposal proposal, IReadOnlyList<string> peers)
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"# {name} speaks {Harmless(proposal.Version)} and says that it has {proposal.Endpoints.Length} endpoints.\n");
        text.Append("# For lines.yaml, under gateways: give each line its number, or delete it; then start the bridge anew.\n");
        text.Append("gateways:\n");
        text.Append(CultureInfo.InvariantCulture, $"  - name: {name}\n");
        text.Append(CultureInfo.InvariantCulture, $"    domain: {Quoted(proposal.Domain)}\n");
        text.Append(CultureInfo.InvariantCulture, $"    address: \"{proposal.Address}\"\n");
        text.Append("    profile: auto\n");
        text.Append(proposal.Endpoints.IsEmpty ? "    lines: []\n" : "    lines:\n");
        var peer = Quoted(peers.Count == 1 ? peers[0] : "");
        foreach (var endpoint in proposal.Endpoints)
            text.Append(CultureInfo.InvariantCulture, $"      - {{ endpoint: {Quoted(endpoint.LocalName)}, number: \"\", peer: {peer} }}{Comment(endpoint.Audit)}\n");
        return text.ToString();
    }

    private static string Comment(EndpointAudit audit)
    {
        var parts = new List<string>();
        if (audit.OffHook is { } offHook) parts.Add(offHook ? "off hook" : "on hook");
        if (!audit.Codecs.IsEmpty) parts.Add(string.Join(' ', audit.Codecs.Select(Harmless)));
        if (!audit.Packages.IsEmpty) parts.Add("packages " + string.Join(' ', audit.Packages.Select(Harmless)));
        return parts.Count == 0 ? "" : "   # " + string.Join("; ", parts);
    }

    private static string Quoted(string text)
    {
        var quoted = new StringBuilder("\"");
        foreach (var c in text)
        {
            if (c is '"' or '\\') quoted.Append('\\').Append(c);
            else if (char.IsControl(c)) quoted.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}");
            else quoted.Append(c);
        }

        return quoted.Append('"').ToString();
    }

    private static string Harmless(string text) => string.Concat(text.Where(c => char.IsAsciiLetterOrDigit(c) || c is ' ' or '.' or '-' or '/' or '_'));
}
