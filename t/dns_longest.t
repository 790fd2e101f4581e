#!/usr/bin/perl

# Tests for answers so long that an OPT of ours would not fit beside them: over
# TCP they are whole, without an OPT, since there is no other way to ask for
# what would be cut off.

use warnings;
use strict;

use Test::More;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::Nginx::DNS;

my $t = Test::Nginx::DNS->new()->plan(14);

$t->write_stream(<<'EOF_CONF');
dns_cache_zone  zone=c:32m;

server {
    listen       127.0.0.1:%%PORT_8053%% udp;
    listen       127.0.0.1:%%PORT_8053%%;
    dns_forward  . tcp;
    dns_cache    c;
}

dns_upstream tcp {
    server        tcp://127.0.0.1:%%PORT_8081%%;
    health_check  off;
}
EOF_CONF

# what is left for a TXT record of a message of so many octets

sub text {
    my ($size, $name) = @_;

    my $len = $size - 12 - 2 * (length($name) + 2) - 4 - 10;

    return 'x' x ($len - int(($len + 255) / 256));
}

$t->upstream(8081, sub {
    my ($query) = @_;
    my $name = $query->{qname};
    my ($size) = $name =~ /^(\d+)/;

    return { answers => [ [ $query->{qname_raw}, 'TXT', 60,
                            text($size, $name) ] ] };
}, tcp => 1);

$t->run();

my $port = $t->port(8053);

sub asked {
    my ($name, %o) = @_;

    my $r = dns_query($port, $name, 'TXT', timeout => 6, %o) or return 'none';

    return join ' ', $r->{size}, $r->{tc} ? 'TC' : (),
        @{$r->{answers}} ? 'whole' : (), $r->{edns} ? 'OPT' : ();
}

for my $size (65524, 65525, 65535) {
    my $name = "$size.test";
    my $whole = "$size whole";

    is(asked($name, proto => 'tcp'), $whole, "$size: without EDNS");
    is(asked("${size}b.test", proto => 'tcp', edns => 1232),
       $size == 65524 ? '65535 whole OPT' : $whole, "$size: with EDNS");
    is(asked($name, proto => 'tcp', edns => 1232),
       $size == 65524 ? '65535 whole OPT' : $whole, "$size: from the cache");
    is(asked($name, edns => 1232), 4 * 3 + 11 + length("$size.test") + 6
       . ' TC OPT', "$size: over UDP");
}

# an option makes the OPT longer

is(asked('65520.test', proto => 'tcp',
         edns => { size => 1232, options => [ [ 3, '' ] ] }),
   '65531 whole OPT', 'NSID that nobody has');
is(asked('65524.test', proto => 'tcp', edns => { size => 1232,
                                                options => [ [ 12, '' ] ] }),
   '65535 whole OPT', 'padding');
