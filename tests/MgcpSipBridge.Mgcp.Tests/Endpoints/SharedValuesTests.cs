namespace MgcpSipBridge.Mgcp.Tests;

/// <summary>What a fleet says alike is kept once.</summary>
public class SharedValuesTests
{
    [Fact]
    public void Gateways_that_refused_the_same_names_share_their_traits()
    {
        var shared = new SharedValues();
        var first = shared.Traits(Refusing("L/ci", "L/r2"));
        Assert.Same(first, shared.Traits(Refusing("L/r2", "L/ci")));
        Assert.Same(shared.Traits(new GatewayTraits()), shared.Traits(new GatewayTraits()));
        Assert.NotSame(first, shared.Traits(Refusing("L/r2")));
        Assert.NotSame(first, shared.Traits(Refusing("L/ci", "L/r2") with { Piggyback = true }));
        Assert.Equal(["L/ci", "L/r2"], first.RefusedNames.Order(StringComparer.Ordinal));
    }

    private static GatewayTraits Refusing(params string[] names) => new() { RefusedNames = [.. names] };
}
