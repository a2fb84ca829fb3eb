using System.Globalization;

namespace MgcpSipBridge.Simulator;

// The bulk audit package: RFC 3624.
public sealed partial class SimulatedGateway
{
    private const int LargestReport = 512;

    /// <summary>§2.1.1: BA/F: with BA/Z or BA/X, or with BA/C and BA/S(...); from BA/SE: on, at most BA/NU: of them.</summary>
    private string AuditInBulk(PlainMgcp command, List<GatewayEndpoint> endpoints, string wanted)
    {
        string Refuse(int code) => Write($"{code} {command.TransactionId} /BA", []);
        if (command["BA/SE"] is { } start)
        {
            var from = endpoints.FindIndex(one => one.Name.Equals(start, StringComparison.OrdinalIgnoreCase));
            if (from < 0) return Refuse(806);
            endpoints = endpoints[from..];
        }

        var limit = LargestReport;
        if (command["BA/NU"] is { } count)
        {
            if (!int.TryParse(count, NumberStyles.None, CultureInfo.InvariantCulture, out limit) || limit is < 1 or > 65535) return Refuse(802);
            limit = Math.Min(limit, LargestReport);
        }

        var reported = endpoints.Take(limit).ToList();
        var lines = new List<(string, string)>();
        var codes = PlainMgcp.SplitList(wanted.ToUpperInvariant());
        if (codes.Any(code => code is "BA/Z" or "BA/X"))
        {
            // §2.1.1.8: the lists of names and the states are not asked for together.
            if (codes.Any(code => code is not ("BA/Z" or "BA/X"))) return Refuse(802);
            foreach (var code in codes) lines.AddRange(Ranges(reported).Select(range => (code, range)));
        }
        else
        {
            lines.AddRange(Ranges(reported).Select(range => ("BA/EL", range)));
            foreach (var code in codes)
            {
                if (code == "BA/C")
                {
                    lines.Add((code, string.Concat(reported.Select(one => one.Connections.Count.ToString("X", CultureInfo.InvariantCulture)))));
                    continue;
                }

                if (!code.StartsWith("BA/S(", StringComparison.Ordinal) || !code.EndsWith(')')) return Refuse(802);
                var criteria = code[5..^1].Split(',', StringSplitOptions.TrimEntries);
                if (criteria.Any(one => one is not ("I" or "D" or "N" or "L" or "S" or "H"))) return Refuse(803);
                lines.Add(("BA/S", string.Concat(reported.Select(one => StateOf(one, criteria)))));
            }
        }

        if (reported.Count < endpoints.Count) lines.Add(("BA/NE", EndpointText(endpoints[reported.Count].Name)));
        return Write($"200 {command.TransactionId} OK", lines);
    }

    /// <summary>§2.1.1.2: the criteria are alternatives; one that is out of service is O whatever was asked.</summary>
    private static char StateOf(GatewayEndpoint endpoint, string[] criteria)
    {
        if (!endpoint.InService) return 'O';
        var isTrue = criteria.Any(one => one switch
        {
            "I" => true,
            "H" => endpoint.OffHook,
            "S" => endpoint.PlayingText().Length > 0,
            _ => false,
        });
        return isTrue ? 'T' : 'F';
    }

    /// <summary>§2.1.1.8: numbers in ranges in the last term only: <c>aaln/[1-24]</c>.</summary>
    private IEnumerable<string> Ranges(List<GatewayEndpoint> endpoints)
    {
        for (var i = 0; i < endpoints.Count; i++)
        {
            var (head, first) = Numbered(EndpointText(endpoints[i].Name));
            var last = first;
            while (first is not null && i + 1 < endpoints.Count && Numbered(EndpointText(endpoints[i + 1].Name)) is var (nextHead, next) && nextHead == head && next == last + 1)
            {
                last = next;
                i++;
            }

            yield return first is null ? head : first == last ? $"{head}{first}" : $"{head}[{first}-{last}]";
        }
    }

    private static (string Head, int? Number) Numbered(string name)
    {
        var head = name.TrimEnd('0', '1', '2', '3', '4', '5', '6', '7', '8', '9');
        return head.EndsWith('/') && int.TryParse(name.AsSpan(head.Length), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? (head, number) : (name, null);
    }
}
