using System.Globalization;

namespace MgcpSipBridge.Simulator;

/// <summary>Reads a call agent's command by the letter of RFC 3435 §3.2 and says what is wrong with it.</summary>
public static class CommandCheck
{
    // §3.2.2, table of parameters: mandatory, then optional, for commands from the call agent. RemoteConnectionDescriptor is the body.
    private static (string[] Mandatory, string[] Optional)? ParametersOf(string verb) => verb switch
    {
        "EPCF" => ([], ["B", "K"]),
        "CRCX" => (["C", "M"], ["B", "T", "D", "L", "N", "Q", "R", "X", "S", "K", "Z2"]),
        "MDCX" => (["C", "I"], ["M", "B", "T", "D", "L", "N", "Q", "R", "X", "S", "K"]),
        "DLCX" => ([], ["C", "I", "B", "T", "D", "N", "Q", "R", "X", "S", "K"]),
        "RQNT" => (["X"], ["B", "T", "D", "N", "Q", "R", "S", "K"]),
        "AUEP" => ([], ["F", "K"]),
        "AUCX" => (["I", "F"], ["K"]),
        _ => null,
    };

    private static readonly string[] Modes =
        ["sendonly", "recvonly", "sendrecv", "confrnce", "inactive", "loopback", "conttest", "netwloop", "netwtest"];

    private static readonly string[] AuditCodes =
        ["B", "C", "I", "N", "X", "L", "M", "R", "S", "D", "O", "P", "E", "Z", "Q", "T", "RC", "LC", "A", "ES", "RM", "RD", "PL", "MD"];

    /// <summary>Adds what the command violates to <paramref name="complaints"/>.</summary>
    public static void Check(PlainMgcp command, List<string> complaints)
    {
        var verb = command.Verb!;
        if (ParametersOf(verb) is not { } rules)
        {
            complaints.Add($"§2.3: a call agent does not send {verb}");
            return;
        }

        // §3.2.1.2: 1 to 999999999.
        if (command.Number is < 1 or > 999_999_999) complaints.Add($"§3.2.1.2: transaction id {command.TransactionId}");
        if (!command.Tail.StartsWith("MGCP 1.0", StringComparison.OrdinalIgnoreCase) && !command.Tail.StartsWith("MGCP 0.1", StringComparison.OrdinalIgnoreCase))
            complaints.Add($"§3.2.1.4: version \"{command.Tail}\"");
        if (command.Endpoint.Length > 255 || command.Domain.Length > 255) complaints.Add("§3.2.1.3: endpoint name too long");
        foreach (var name in rules.Mandatory)
            if (command[name] is null) complaints.Add($"§3.2.2: {verb} needs {name}:");
        foreach (var group in command.Parameters.GroupBy(parameter => parameter.Name))
        {
            if (group.Count() > 1) complaints.Add($"§3.2.2: {group.Key}: stands twice in {verb}");
            var extension = group.Key.Contains('/') || group.Key.StartsWith("X-", StringComparison.Ordinal) || group.Key.StartsWith("X+", StringComparison.Ordinal);
            if (!extension && !rules.Mandatory.Contains(group.Key) && !rules.Optional.Contains(group.Key)) complaints.Add($"§3.2.2: {group.Key}: does not belong in {verb}");
        }

        // §2.3.7: one connection is named by its call and itself; the forms without ConnectionId are §2.3.9's.
        if (verb == "DLCX" && command["I"] is not null && command["C"] is null) complaints.Add("§2.3.7: DLCX with I: but without C:");
        if (verb == "EPCF" && command.Parameters.All(parameter => parameter.Name == "K")) complaints.Add("§2.3.2: EPCF without B:");
        CheckIdentifiers(command, complaints);
        CheckRequest(command, complaints);
        CheckConnection(command, complaints);
    }

    private static void CheckIdentifiers(PlainMgcp command, List<string> complaints)
    {
        foreach (var name in new[] { "C", "X" })
            if (command[name] is { } value && !IsHex(value)) complaints.Add($"§3.2.2: {name}: {value} is not 1 to 32 hex digits");
        if (command["I"] is { } connection && !IsHex(connection)) complaints.Add($"§3.2.2.5: I: {connection} is not one connection id");
        if (command["X"] is { } request && request.Trim('0').Length == 0) complaints.Add("§3.2.2.18: X: 0 is reserved");
        if (command["K"] is { } acknowledged)
        {
            foreach (var range in PlainMgcp.SplitList(acknowledged))
            {
                var ends = range.Split('-');
                if (ends.Length > 2 || ends.Any(end => !int.TryParse(end, NumberStyles.None, CultureInfo.InvariantCulture, out var id) || id < 1))
                    complaints.Add($"§3.2.2.14: K: {acknowledged}");
            }
        }

        if (command["N"] is { } entity)
        {
            var at = entity.IndexOf('@');
            var host = entity[(at + 1)..];
            if (host.Length == 0 || host.Contains(' ')) complaints.Add($"§3.2.2.11: N: {entity}");
        }
    }

    private static void CheckRequest(PlainMgcp command, List<string> complaints)
    {
        var verb = command.Verb!;
        var carriesRequest = command.Parameters.Any(parameter => parameter.Name is "R" or "S" or "Q" or "D" or "T");
        // §2.3.5, §2.3.6, §2.3.7: RequestedEvents and its companions ride along only under a RequestIdentifier.
        if (carriesRequest && command["X"] is null) complaints.Add($"§2.3.5: {verb} carries a NotificationRequest without X:");
        if (carriesRequest && verb == "DLCX" && (command["C"] is null || command["I"] is null || command.Endpoint.Contains('*')))
            complaints.Add("§2.3.9: a DLCX for several connections carries no NotificationRequest");
        if (command["Q"] is { } handling)
        {
            var words = PlainMgcp.SplitList(handling.ToLowerInvariant());
            if (words.Any(word => word is not ("process" or "discard" or "step" or "loop"))
                || words.Count(word => word is "process" or "discard") > 1 || words.Count(word => word is "step" or "loop") > 1)
                complaints.Add($"§3.2.2.13: Q: {handling}");
        }

        var events = PlainEvents.ReadRequested(command["R"] ?? "", complaints);
        PlainEvents.ReadSignals(command["S"] ?? "", complaints);
        foreach (var entry in events.Where(entry => entry.Embedded is not null))
        {
            var (requested, signals, map) = PlainEvents.ReadEmbedded(entry.Embedded!, complaints);
            PlainEvents.ReadRequested(requested ?? "", complaints);
            PlainEvents.ReadSignals(signals ?? "", complaints);
            if (map is not null && PlainDigitMap.Read(map, out var inner) is null) complaints.Add($"§2.1.5: {inner} in digit map {map}");
            if (entry.Actions.Contains('N') && command["Q"]?.Contains("loop", StringComparison.OrdinalIgnoreCase) != true)
                complaints.Add("§2.3.3: N with E only in loop mode");
        }

        if (command["D"] is { Length: > 0 } digitMap)
        {
            if (PlainDigitMap.Read(digitMap, out var complaint) is null) complaints.Add($"§2.1.5: {complaint} in digit map {digitMap}");
            // §2.1.5 promises 2048 bytes per endpoint, no more.
            if (digitMap.Length > 2048) complaints.Add($"§2.1.5: a digit map of {digitMap.Length} bytes");
        }
    }

    private static void CheckConnection(PlainMgcp command, List<string> complaints)
    {
        var verb = command.Verb!;
        if (command["M"] is { } mode && !Modes.Contains(mode.ToLowerInvariant())) complaints.Add($"§3.2.2.6: M: {mode}");
        if (command["L"] is { } options)
        {
            var fields = PlainMgcp.SplitList(options);
            foreach (var field in fields)
                if (field.IndexOf(':') <= 0) complaints.Add($"§3.2.2.10: L: field {field}");
            foreach (var group in fields.GroupBy(field => field.Split(':')[0].ToLowerInvariant()).Where(group => group.Count() > 1))
                complaints.Add($"§2.3.5: L: names {group.Key}: twice");
        }

        if (command.AnnouncesDescription)
        {
            if (verb is not ("CRCX" or "MDCX")) complaints.Add($"§3.2.2: {verb} carries no session description");
            else if (command.Description.Length == 0) complaints.Add("§3.2.2: an empty line announces a session description that is not there");
            else PlainSdp.Check(command.Description, complaints);
        }

        if (command["F"] is { } codes)
        {
            foreach (var code in PlainMgcp.SplitList(codes.ToUpperInvariant()))
                if (!AuditCodes.Contains(code) && !code.Contains('/') && !code.StartsWith("X-", StringComparison.Ordinal)) complaints.Add($"§3.2.2.8: F: {code}");
        }
    }

    private static bool IsHex(string value) => value.Length is >= 1 and <= 32 && value.All(char.IsAsciiHexDigit);
}
