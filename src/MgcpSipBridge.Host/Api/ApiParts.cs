using MgcpSipBridge.Host.Audit;
using MgcpSipBridge.Host.Events;
using MgcpSipBridge.Host.Net;
using MgcpSipBridge.Host.Observability;
using MgcpSipBridge.Host.Observability.Wire;
using MgcpSipBridge.Host.Provisioning;
using MgcpSipBridge.Host.Records;
using MgcpSipBridge.Host.Routing;
using MgcpSipBridge.Host.Serving;
using MgcpSipBridge.Host.Shards;
using MgcpSipBridge.Host.Storage;

namespace MgcpSipBridge.Host.Api;

/// <summary>What the API shows and acts upon.</summary>
/// <param name="State">The model in force, the phase, where registrations stand.</param>
/// <param name="Shard">Asks the engine.</param>
/// <param name="Metrics">What /metrics exposes.</param>
/// <param name="Adoptions">Adopts gateways.</param>
/// <param name="Writes">Changes what is provisioned.</param>
/// <param name="Trail">Writes down who did what.</param>
/// <param name="Audit">What was written down.</param>
/// <param name="Happenings">What happens, and what is wrong.</param>
/// <param name="Records">What was written down of calls.</param>
/// <param name="Routers">Clients that route calls.</param>
/// <param name="Ends">Tells both ends of a message.</param>
/// <param name="Relay">Carries the audio; has the sounds that can be played.</param>
/// <param name="Store">What is kept.</param>
/// <param name="Health">Whether it works.</param>
/// <param name="Reloading">Reads the files again.</param>
/// <param name="Streams">What is known of TCP and TLS with peers.</param>
internal sealed record ApiParts(BridgeState State, IShardQueries Shard, BridgeMetrics Metrics, Adoptions Adoptions, ProvisioningWrites Writes, AuditTrail Trail, IAuditLog Audit, Happenings Happenings, ICallRecords Records, RouterHub Routers, WireEnds Ends, IMediaRelay Relay, IProvisioningStore Store, StoreHealth Health, ReloaderPlace Reloading, SipStreams Streams);
