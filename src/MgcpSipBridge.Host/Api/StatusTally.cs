using MgcpSipBridge.Engine;
using MgcpSipBridge.Mgcp;
using MgcpSipBridge.Sip;

namespace MgcpSipBridge.Host.Api;

/// <summary>
/// What the status counts, kept by notes: whoever looks at the bridge every second must not have it count a hundred thousand lines each time.
/// </summary>
internal sealed class StatusTally
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, GatewayState> _gateways = new(StringComparer.Ordinal);
    private readonly int[] _services = new int[Enum.GetValues<LineService>().Length];
    private readonly int[] _registrations = new int[Enum.GetValues<SipRegistrationState>().Length];
    private long _started;
    private long _answered;
    private long _ended;
    private long _failed;

    /// <summary>Takes a note.</summary>
    public void Apply(EngineNote note)
    {
        // Of every message on the wire there is one; none counts here.
        if (note is EngineNote.Sip or EngineNote.Mgcp) return;
        lock (_gate)
            switch (note)
            {
                case EngineNote.CallStarted:
                    _started++;
                    break;
                case EngineNote.CallAnswered:
                    _answered++;
                    break;
                case EngineNote.CallEnded ended:
                    _ended++;
                    if (ended.Record.Call.Outcome == CallOutcome.Failed) _failed++;
                    break;
                case EngineNote.GatewayChanged gateway:
                    _gateways[gateway.Gateway] = gateway.State;
                    break;
                case EngineNote.GatewayRemoved gateway:
                    _gateways.Remove(gateway.Gateway);
                    break;
                case EngineNote.LineServes line:
                    Move(_services, (int?)line.From, (int?)line.To);
                    break;
                case EngineNote.RegistrationChanged registration:
                    Move(_registrations, (int?)registration.From, (int?)registration.To);
                    break;
            }
    }

    /// <summary>Writes the counts into a status.</summary>
    /// <param name="status">The status.</param>
    /// <param name="gateways">How many gateways there are, those that were never heard included.</param>
    public void Write(V1.BridgeStatus status, int gateways)
    {
        lock (_gate)
        {
            var (up, down) = (_gateways.Values.Count(s => s == GatewayState.Up), _gateways.Values.Count(s => s == GatewayState.Down));
            status.Gateways = new V1.GatewayCounts { Up = up, Down = down, Unknown = Math.Max(0, gateways - up - down) };
            status.Lines = new V1.ServiceCounts
            {
                Unknown = Of(LineService.Unknown),
                InService = Of(LineService.InService),
                Draining = Of(LineService.Draining),
                Restarting = Of(LineService.Restarting),
                Silent = Of(LineService.Silent),
                Refused = Of(LineService.Refused),
            };
            status.Registrations = new V1.RegistrationCounts
            {
                Off = Of(SipRegistrationState.Off),
                Trying = Of(SipRegistrationState.Trying),
                Registered = Of(SipRegistrationState.Registered),
                Refused = Of(SipRegistrationState.Refused),
                Unreachable = Of(SipRegistrationState.Unreachable),
            };
            status.CallCounts = new V1.CallCounts { Started = _started, Answered = _answered, Ended = _ended, Failed = _failed };
        }
    }

    private int Of(LineService service) => _services[(int)service];

    private int Of(SipRegistrationState state) => _registrations[(int)state];

    private static void Move(int[] counts, int? from, int? to)
    {
        if (from is { } left) counts[left]--;
        if (to is { } entered) counts[entered]++;
    }
}
