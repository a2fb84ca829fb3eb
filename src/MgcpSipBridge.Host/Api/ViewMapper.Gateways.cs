using MgcpSipBridge.Engine;
using MgcpSipBridge.Host.Provisioning;
using MgcpSipBridge.Host.Shards;
using MgcpSipBridge.Mgcp;
using MgcpSipBridge.Sip;

namespace MgcpSipBridge.Host.Api;

/// <content>Gateways and lines.</content>
internal static partial class ViewMapper
{
    public static V1.Gateway ToMessage(this GatewayView view, BridgeState state)
    {
        var model = view.Model.Mgcp;
        return new V1.Gateway
        {
            Name = model.Name,
            Domain = model.Domain,
            Address = (view.Status.Address ?? model.Address)?.ToString() ?? "",
            ConfiguredAddress = model.Address is { } configured && view.Model.Host is null && !view.Model.IsAdopted ? configured.ToString() : "",
            Configuration = model.Configuration is { } configuration ? configuration.ToMessage() : null,
            Profile = model.Profile switch
            {
                MgcpProfile.Rfc3435 => V1.Gateway.Types.Profile.Rfc3435,
                MgcpProfile.Ncs => V1.Gateway.Types.Profile.Ncs,
                MgcpProfile.Cisco => V1.Gateway.Types.Profile.Cisco,
                _ => V1.Gateway.Types.Profile.Auto,
            },
            Media = view.Model.Media.ToMessage(),
            Dtmf = view.Model.Dtmf.ToMessage(V1.Dtmf.Notify),
            Fax = view.Model.Fax.ToMessage(),
            State = view.Status.State switch
            {
                GatewayState.Up => V1.Gateway.Types.State.Up,
                GatewayState.Down => V1.Gateway.Types.State.Down,
                _ => V1.Gateway.Types.State.Unknown,
            },
            LineCount = view.Services.Lines,
            Version = view.Status.Traits.Version,
            PendingTransactions = view.Status.PendingTransactions,
            LastHeardTime = view.Status.LastHeard is { } heard ? state.Clock.Stamp(heard) : null,
            Throttled = view.Status.IsThrottled,
            Services = new V1.ServiceCounts
            {
                Unknown = view.Services.Unknown,
                InService = view.Services.InService,
                Draining = view.Services.Draining,
                Restarting = view.Services.Restarting,
                Silent = view.Services.Silent,
                Refused = view.Services.Refused,
            },
            Traits = { TraitView.Of(model, view.Status.Traits).Select(ToMessage) },
            Host = view.Model.Host is { } host ? $"{host.Name}:{host.Port}" : "",
            AddressProblem = view.Model.Host is { } named ? state.AddressProblem(named) ?? "" : "",
            Adopted = view.Model.IsAdopted,
            AlsoFrom = { model.AlsoFrom.IsDefault ? [] : model.AlsoFrom.Select(host => host.Host) },
            TraitOverrides = { TraitView.Of(model, view.Status.Traits).Where(t => t.Source == TraitSource.Overridden).ToDictionary(t => t.Name, t => t.Value) },
            Source = view.Model.IsAdopted ? V1.ResourceSource.Adopted : state.SourceOf(ResourceKind.Gateway, model.Name),
            Etag = state.EtagOf(ResourceKind.Gateway, model.Name),
            ProposedEndpoints = { view.Proposal is { } proposed ? proposed.Endpoints.Select(ToMessage) : [] },
            ProposedLinesYaml = view.Proposal is { } proposal ? ProposalYaml.Write(model.Name, proposal, [.. state.Model.Peers.Select(p => p.Sip.Name)]) : "",
        };
    }

    public static V1.DiscoveredGateway ToMessage(this DiscoveredView view, MonotonicClock clock) => new()
    {
        Domain = view.Gateway.Domain,
        Address = view.Gateway.Address.ToString(),
        Version = view.Gateway.Version,
        FirstHeardTime = clock.Stamp(view.Gateway.FirstHeard),
        LastHeardTime = clock.Stamp(view.Gateway.LastHeard),
        MessageCount = view.Gateway.Messages,
        State = view.Proposal is { Code: 0 } ? V1.DiscoveredGateway.Types.State.Unanswered : V1.DiscoveredGateway.Types.State.Heard,
    };

    public static V1.Line ToMessage(this LineView view, BridgeState state)
    {
        var model = view.Model;
        var message = new V1.Line
        {
            Number = model.Number,
            Gateway = model.Gateway,
            Endpoint = model.Endpoint,
            DisplayName = model.DisplayName ?? "",
            Peer = model.Peer,
            Username = model.Username,
            Features = model.Features.ToMessage(),
            CurrentFeatures = view.Dialled.Over(model.Features).ToMessage(),
            State = view.State.ToMessage(),
            Registered = view.Registration == SipRegistrationState.Registered,
            RegistrationState = view.Registration.ToMessage(),
            Call = view.CallId ?? "",
            PasswordSet = model.Password is not null,
            Fax = model.Fax?.ToMessage() ?? V1.Fax.Types.Handling.Unspecified,
            Source = state.SourceOf(ResourceKind.Line, model.Number),
            Etag = state.EtagOf(ResourceKind.Line, model.Number),
            Service = view.Service.ToMessage(),
        };
        if (view.OffHook is { } offHook) message.OffHook = offHook;
        return message;
    }

    private static V1.LineFeatures ToMessage(this LineFeatures features) => new()
    {
        CallWaiting = features.CallWaiting,
        ThreeWay = features.ThreeWay,
        Transfer = features.Transfer,
        CallerId = features.CallerId,
        MessageWaiting = features.MessageWaiting,
        Hotline = features.Hotline ?? "",
        HotlineDelay = (int)features.HotlineDelay.TotalSeconds,
        ForwardAlways = features.ForwardAlways ?? "",
        ForwardBusy = features.ForwardBusy ?? "",
        ForwardNoAnswer = features.ForwardNoAnswer ?? "",
        DoNotDisturb = features.DoNotDisturb,
        WithholdNumber = features.WithholdNumber,
        PrivacyCodes = features.PrivacyCodes,
        DoNotDisturbCodes = features.DoNotDisturbCodes,
        ForwardingCodes = features.ForwardingCodes,
    };

    public static V1.Line.Types.Service ToMessage(this LineService service) => service switch
    {
        LineService.InService => V1.Line.Types.Service.InService,
        LineService.Draining => V1.Line.Types.Service.Draining,
        LineService.Restarting => V1.Line.Types.Service.Restarting,
        LineService.Silent => V1.Line.Types.Service.Silent,
        LineService.Refused => V1.Line.Types.Service.Refused,
        _ => V1.Line.Types.Service.Unknown,
    };

    private static V1.ProposedEndpoint ToMessage(this ProposedEndpoint endpoint)
    {
        var message = new V1.ProposedEndpoint { Endpoint = endpoint.LocalName, Codecs = { endpoint.Audit.Codecs }, Packages = { endpoint.Audit.Packages } };
        if (endpoint.Audit.OffHook is { } offHook) message.OffHook = offHook;
        return message;
    }

    private static V1.Trait ToMessage(this TraitView trait) => new()
    {
        Name = trait.Name,
        Value = trait.Value,
        Source = trait.Source switch
        {
            TraitSource.Learnt => V1.Trait.Types.Source.Learnt,
            TraitSource.Overridden => V1.Trait.Types.Source.Overridden,
            _ => V1.Trait.Types.Source.Preset,
        },
    };
}
