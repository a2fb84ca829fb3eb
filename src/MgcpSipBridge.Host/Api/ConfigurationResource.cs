using Grpc.Core;
using MgcpSipBridge.Host.Serving;

namespace MgcpSipBridge.Host.Api;

/// <summary>Where the reloader is found, once there is one.</summary>
internal sealed class ReloaderPlace
{
    /// <summary>The reloader; null for a bridge that was not started from files.</summary>
    public ConfigReloader? Reloader { get; set; }
}

/// <summary>The files that the bridge was started with.</summary>
internal sealed class ConfigurationResource(ReloaderPlace place, AuditTrail trail) : V1.ConfigurationService.ConfigurationServiceBase
{
    public override async Task<V1.ReloadConfigurationResponse> ReloadConfiguration(V1.ReloadConfigurationRequest request, ServerCallContext context)
    {
        var reloader = place.Reloader ?? throw ApiErrors.NotNow("NO_FILES", "the bridge was not started from files");
        var result = await reloader.ReloadAsync(request.ValidateOnly, changes => trail.Entry(context, changes));
        var response = new V1.ReloadConfigurationResponse
        {
            Result = result.Word switch
            {
                "applied" => V1.ReloadConfigurationResponse.Types.Result.Applied,
                "unchanged" => V1.ReloadConfigurationResponse.Types.Result.Unchanged,
                _ => V1.ReloadConfigurationResponse.Types.Result.Refused,
            },
            Settings = { result.Settings },
            RestartNeeded = { result.RestartNeeded },
            Problems = { result.Problems.Select(p => p.ToString()) },
        };
        response.Changes.AddRange(result.Resources.Select(r => new V1.ProvisioningChange
        {
            Resource = r.Path,
            Verb = r.Verb switch
            {
                "create" => V1.ProvisioningChange.Types.Verb.Create,
                "update" => V1.ProvisioningChange.Types.Verb.Update,
                _ => V1.ProvisioningChange.Types.Verb.Delete,
            },
            Fields = { r.Fields },
        }));
        return response;
    }
}
