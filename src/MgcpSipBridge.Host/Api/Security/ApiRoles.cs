namespace MgcpSipBridge.Host.Api.Security;

/// <summary>
/// What every RPC needs, in one table. A test holds it against the services that there are; what is missing here is refused to everybody.
/// </summary>
internal static class ApiRoles
{
    private static readonly Dictionary<string, ApiRole> Needed = new(StringComparer.Ordinal)
    {
        ["grpc.health.v1.Health/Check"] = ApiRole.Everybody,
        ["grpc.health.v1.Health/Watch"] = ApiRole.Everybody,
        ["grpc.reflection.v1.ServerReflection/ServerReflectionInfo"] = ApiRole.Viewer,
        ["grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo"] = ApiRole.Viewer,

        ["mgcpsipbridge.v1.SystemService/GetStatus"] = ApiRole.Viewer,
        ["mgcpsipbridge.v1.SystemService/GetIdentity"] = ApiRole.Viewer,
        ["mgcpsipbridge.v1.SystemService/DiagnoseSystem"] = ApiRole.Operator,

        ["mgcpsipbridge.v1.GatewayService/ListGateways"] = ApiRole.Viewer,
        ["mgcpsipbridge.v1.GatewayService/GetGateway"] = ApiRole.Viewer,
        ["mgcpsipbridge.v1.GatewayService/ListLines"] = ApiRole.Viewer,
        ["mgcpsipbridge.v1.GatewayService/GetLine"] = ApiRole.Viewer,
        ["mgcpsipbridge.v1.GatewayService/ListDiscoveredGateways"] = ApiRole.Viewer,
        ["mgcpsipbridge.v1.GatewayService/AdoptDiscoveredGateway"] = ApiRole.Operator,
        ["mgcpsipbridge.v1.GatewayService/AuditGateway"] = ApiRole.Operator,
        ["mgcpsipbridge.v1.GatewayService/AuditLine"] = ApiRole.Operator,
        ["mgcpsipbridge.v1.GatewayService/CreateGateway"] = ApiRole.Admin,
        ["mgcpsipbridge.v1.GatewayService/UpdateGateway"] = ApiRole.Admin,
        ["mgcpsipbridge.v1.GatewayService/DeleteGateway"] = ApiRole.Admin,
        ["mgcpsipbridge.v1.GatewayService/CreateLine"] = ApiRole.Admin,
        ["mgcpsipbridge.v1.GatewayService/UpdateLine"] = ApiRole.Admin,
        ["mgcpsipbridge.v1.GatewayService/DeleteLine"] = ApiRole.Admin,

        ["mgcpsipbridge.v1.PeerService/ListPeers"] = ApiRole.Viewer,
        ["mgcpsipbridge.v1.PeerService/GetPeer"] = ApiRole.Viewer,
        ["mgcpsipbridge.v1.PeerService/ProbePeer"] = ApiRole.Operator,
        ["mgcpsipbridge.v1.PeerService/CreatePeer"] = ApiRole.Admin,
        ["mgcpsipbridge.v1.PeerService/UpdatePeer"] = ApiRole.Admin,
        ["mgcpsipbridge.v1.PeerService/DeletePeer"] = ApiRole.Admin,

        ["mgcpsipbridge.v1.RouteService/ListRoutes"] = ApiRole.Viewer,
        ["mgcpsipbridge.v1.RouteService/GetRoute"] = ApiRole.Viewer,
        ["mgcpsipbridge.v1.RouteService/TestRoute"] = ApiRole.Viewer,
        ["mgcpsipbridge.v1.RouteService/CreateRoute"] = ApiRole.Admin,
        ["mgcpsipbridge.v1.RouteService/UpdateRoute"] = ApiRole.Admin,
        ["mgcpsipbridge.v1.RouteService/DeleteRoute"] = ApiRole.Admin,

        ["mgcpsipbridge.v1.RoutingService/Decide"] = ApiRole.Router,
        ["mgcpsipbridge.v1.RoutingService/ListRouters"] = ApiRole.Viewer,

        ["mgcpsipbridge.v1.ProvisioningService/ExportProvisioning"] = ApiRole.Viewer,
        ["mgcpsipbridge.v1.ProvisioningService/ApplyProvisioning"] = ApiRole.Admin,
        ["mgcpsipbridge.v1.ProvisioningService/ImportProvisioning"] = ApiRole.Admin,

        ["mgcpsipbridge.v1.CallService/ListCalls"] = ApiRole.Viewer,
        ["mgcpsipbridge.v1.CallService/GetCall"] = ApiRole.Viewer,
        ["mgcpsipbridge.v1.CallService/GetLadder"] = ApiRole.Viewer,
        ["mgcpsipbridge.v1.CallService/WatchLadder"] = ApiRole.Viewer,
        ["mgcpsipbridge.v1.CallService/GetCapture"] = ApiRole.Operator,
        ["mgcpsipbridge.v1.CallService/OriginateCall"] = ApiRole.Operator,
        ["mgcpsipbridge.v1.CallService/HangUpCall"] = ApiRole.Operator,
        ["mgcpsipbridge.v1.CallService/HoldCall"] = ApiRole.Operator,
        ["mgcpsipbridge.v1.CallService/ResumeCall"] = ApiRole.Operator,
        ["mgcpsipbridge.v1.CallService/TransferCall"] = ApiRole.Operator,
        ["mgcpsipbridge.v1.CallService/PlaySound"] = ApiRole.Operator,
        ["mgcpsipbridge.v1.CallService/StopSound"] = ApiRole.Operator,
        ["mgcpsipbridge.v1.CallService/CollectDigits"] = ApiRole.Operator,
        ["mgcpsipbridge.v1.CallService/SendDigits"] = ApiRole.Operator,
        ["mgcpsipbridge.v1.CallService/MuteCall"] = ApiRole.Operator,
        ["mgcpsipbridge.v1.CallService/UnmuteCall"] = ApiRole.Operator,
        ["mgcpsipbridge.v1.CallService/RecordCall"] = ApiRole.Operator,
        ["mgcpsipbridge.v1.CallService/StopRecording"] = ApiRole.Operator,
        ["mgcpsipbridge.v1.CallService/JoinConference"] = ApiRole.Operator,
        ["mgcpsipbridge.v1.CallService/LeaveConference"] = ApiRole.Operator,
        ["mgcpsipbridge.v1.CallService/GetCallQuality"] = ApiRole.Viewer,
        ["mgcpsipbridge.v1.CallService/RouteCall"] = ApiRole.Operator,

        ["mgcpsipbridge.v1.SoundService/ListSounds"] = ApiRole.Viewer,
        ["mgcpsipbridge.v1.SoundService/ListRecordings"] = ApiRole.Viewer,
        ["mgcpsipbridge.v1.SoundService/DownloadRecording"] = ApiRole.Operator,
        ["mgcpsipbridge.v1.SoundService/DeleteRecording"] = ApiRole.Admin,

        ["mgcpsipbridge.v1.CallRecordService/ListCallRecords"] = ApiRole.Viewer,
        ["mgcpsipbridge.v1.CallRecordService/GetCallRecord"] = ApiRole.Viewer,

        ["mgcpsipbridge.v1.EventService/WatchEvents"] = ApiRole.Viewer,
        ["mgcpsipbridge.v1.EventService/ListAlarms"] = ApiRole.Viewer,

        ["mgcpsipbridge.v1.ConfigurationService/ReloadConfiguration"] = ApiRole.Admin,

        ["mgcpsipbridge.v1.StorageService/GetStorage"] = ApiRole.Viewer,
        ["mgcpsipbridge.v1.StorageService/BackupStorage"] = ApiRole.Admin,
        ["mgcpsipbridge.v1.StorageService/RekeyStorage"] = ApiRole.Admin,

        ["mgcpsipbridge.v1.AuditService/ListAuditEntries"] = ApiRole.Admin,
        ["mgcpsipbridge.v1.AuditService/GetAuditEntry"] = ApiRole.Admin,
    };

    /// <summary>All RPCs of the table.</summary>
    public static IReadOnlyCollection<string> Methods => Needed.Keys;

    /// <summary>What an RPC needs, by its full name (<c>package.Service/Method</c>); null when nobody decided.</summary>
    public static ApiRole? Of(string method) => Needed.TryGetValue(method.TrimStart('/'), out var role) ? role : null;
}
