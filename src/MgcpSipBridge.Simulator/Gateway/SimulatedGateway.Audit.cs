namespace MgcpSipBridge.Simulator;

// Audits: RFC 3435 §2.3.10, §2.3.11.
public sealed partial class SimulatedGateway
{
    private string Audit(PlainMgcp command, List<GatewayEndpoint> endpoints)
    {
        if (command["BA/F"] is { } bulk)
            return Quirks.Packages.Contains("BA") ? AuditInBulk(command, endpoints, bulk) : Write($"518 {command.TransactionId} Unknown package", [("PL", string.Join(',', Quirks.Packages))]);
        // A wildcard asks for names only; F: is ignored then.
        if (command.Endpoint.Contains('*'))
            return Write($"200 {command.TransactionId} OK", endpoints.Select(one => ("Z", $"{EndpointText(one.Name)}@{Setup.Domain}")));
        var endpoint = endpoints[0];
        var lines = new List<(string, string)>();
        foreach (var code in PlainMgcp.SplitList((command["F"] ?? "").ToUpperInvariant()))
        {
            switch (code)
            {
                case "R": lines.Add(("R", endpoint.RequestText)); break;
                case "D": lines.Add(("D", endpoint.DigitMapText)); break;
                case "S": lines.Add(("S", endpoint.PlayingText())); break;
                case "X": lines.Add(("X", endpoint.RequestId)); break;
                case "N": lines.Add(("N", endpoint.NotifiedEntity ?? $"ca@{Setup.CallAgent}")); break;
                case "O": lines.Add(("O", string.Join(',', endpoint.ObservedEvents.Select(one => $"{one.Package}/{one.Name}")))); break;
                case "I": lines.Add(("I", string.Join(',', endpoint.Connections.Select(one => one.Id)))); break;
                case "ES" when Quirks.TellsHookState: lines.Add(("ES", endpoint.OffHook ? "L/hd" : "L/hu")); break;
                case "RM": lines.Add(("RM", endpoint.InService ? "restart" : "forced")); break;
                case "RD": lines.Add(("RD", "0")); break;
                case "E": lines.Add(("E", endpoint.InService ? "000" : "901")); break;
                case "MD": lines.Add(("MD", "4000")); break;
                case "PL": lines.Add(("PL", string.Join(',', Quirks.Packages.Select(package => $"{package}:1")))); break;
                case "A": AddCapabilities(lines); break;
                default: break;
            }
        }

        return Write($"200 {command.TransactionId} OK", lines);
    }

    private void AddCapabilities(List<(string, string)> lines)
    {
        var packages = string.Join(';', Quirks.Packages);
        if (Quirks.CapabilitiesInL)
        {
            foreach (var codec in Quirks.Codecs.Where(codec => codec != "telephone-event"))
                lines.Add(("L", $"p:10-20, a:{codec}, b:64, e:on, gc:1, s:on, t:10, r:g, nt:IN, v:{packages}"));
            lines.Add(("M", "sendonly, recvonly, sendrecv, inactive, loopback, conttest, data, netwloop, netwtest"));
            return;
        }

        lines.Add(("A", $"a:{string.Join(';', Quirks.Codecs)}, p:10-30, e:on, s:off, t:00, nt:IN, v:{packages}, m:sendonly;recvonly;sendrecv;inactive;confrnce"));
    }

    private string AuditConnection(PlainMgcp command, GatewayEndpoint endpoint)
    {
        var connection = endpoint.Connections.Find(one => SameId(one.Id, command["I"] ?? ""));
        if (connection is null) return Write($"515 {command.TransactionId} Incorrect connection-id", []);
        var lines = new List<(string, string)>();
        var description = "";
        foreach (var code in PlainMgcp.SplitList((command["F"] ?? "").ToUpperInvariant()))
        {
            switch (code)
            {
                case "C": lines.Add(("C", connection.CallId)); break;
                case "N": lines.Add(("N", endpoint.NotifiedEntity ?? $"ca@{Setup.CallAgent}")); break;
                case "L": lines.Add(("L", connection.Options)); break;
                case "M": lines.Add(("M", connection.Mode)); break;
                case "P": lines.Add(("P", ConnectionParameters(connection))); break;
                case "LC": description = connection.Description; break;
                default: break;
            }
        }

        return Write($"200 {command.TransactionId} OK", lines, description);
    }
}
