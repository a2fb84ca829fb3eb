using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.CallFlows;

/// <summary>Gateways and PBXs go and come back, together or in any order.</summary>
public sealed class ComebackFlows
{
    public static TheoryData<ulong> Seeds() => [.. Enumerable.Range(1, 30).Select(static seed => (ulong)seed)];

    /// <summary>Whatever goes, and whenever it is back, every line serves and is registered soon after.</summary>
    [Theory]
    [MemberData(nameof(Seeds))]
    public void Who_comes_back_serves_and_is_registered_soon(ulong seed)
    {
        var estate = new Estate(new HouseOptions { Seed = seed, Gateways = 2 });
        var (house, chance) = (estate.House, new Entropy(seed));
        for (var step = 0; step < 12; step++)
        {
            var gateway = house.Gateways[chance.Next(house.Gateways.Count)];
            switch (chance.Next(4))
            {
                case 0:
                    gateway.PowerOff();
                    break;
                case 1:
                    gateway.PowerOn(house.World.Now);
                    break;
                default:
                    house.Pbx.IsSilent = !house.Pbx.IsSilent;
                    break;
            }

            house.World.Settle();
            house.Waits(chance.Next(3) == 0 ? chance.Next(900) : chance.Next(40_000) / 1000.0);
        }

        house.Pbx.IsSilent = false;
        foreach (var gateway in house.Gateways.Where(static gateway => !gateway.IsPowered)) gateway.PowerOn(house.World.Now);
        house.World.Settle();
        // One line asks every half a minute and waits half a minute for an answer; all follow it.
        house.Waits(70);
        estate.IsWhole();
    }
}
