namespace MgcpSipBridge.Mgcp;

/// <summary>Writes the lines of CRCX, MDCX and DLCX that are not a NotificationRequest's (RFC 3435 §3.2.2).</summary>
internal static class ConnectionWriter
{
    /// <summary>Writes what names the connection and what it shall be.</summary>
    public static void Write(MgcpWriter writer, ConnectionCommand command, string? connection, string domain)
    {
        writer.Parameter(MgcpParameter.CallId, command.CallId);
        if (connection is not null) writer.Parameter(MgcpParameter.ConnectionId, connection);
        if (command.Request is not { } request) return;
        if (request.Bearer is { } bearer) writer.Parameter(MgcpParameter.BearerInformation, bearer.WireName());
        if (request.SecondEndpoint is { } second) writer.Begin(MgcpParameter.SecondEndpointId).Append(second).Append('@').Append(domain).EndLine();
        if (!string.IsNullOrEmpty(request.LocalOptions)) writer.Parameter(MgcpParameter.LocalConnectionOptions, request.LocalOptions);
        if (request.Mode is { } mode) writer.Parameter(MgcpParameter.ConnectionMode, mode.WireName());
    }

    /// <summary>Writes what follows the NotificationRequest: other parameters, and the description.</summary>
    public static void WriteEnd(MgcpWriter writer, ConnectionCommand command)
    {
        if (command.Request is not { } request) return;
        foreach (var extension in request.Extensions) writer.Parameter(extension.Name, extension.Value);
        writer.Body(request.RemoteDescription.Span);
    }
}
