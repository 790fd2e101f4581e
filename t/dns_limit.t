#!/usr/bin/perl

# Tests for dns_limit_zone and dns_limit: what is over the rate of a key is
# dropped, truncated or refused, and counted.

use warnings;
use strict;

use Test::More;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::Nginx::DNS;
use Test::Nginx::DNS::Status;

my $t = Test::Nginx::DNS->new()->has(qw/ http /);

$t->write_stream(<<'EOF_CONF', pages => 'metrics');
map $dns_qname $limited {
    ~^free   '';
    default  $remote_addr;
}

dns_cache_zone  zone=one:1m;

# so slow that nothing is given back within the test

dns_limit_zone  client zone=net:64k rate=1r/m;
dns_limit_zone  client zone=host:64k rate=1r/m v4=32;
dns_limit_zone  client zone=zone:64k rate=1r/m v4=32;
dns_limit_zone  client zone=misses:64k rate=1r/m v4=32;
dns_limit_zone  client zone=dry:64k rate=1r/m v4=32;
dns_limit_zone  $limited zone=text:64k rate=1r/m;
dns_limit_zone  client zone=fast:64k rate=50r/s v4=32;

log_format  dns '$remote_addr $dns_qname $dns_rcode "$dns_error" $status';

dns_forward  . 127.0.0.1:%%PORT_8081%%;

server {
    listen      127.0.0.1:%%PORT_8051%% udp;
    dns_limit   zone=net burst=9 slip=0;
}

server {
    listen      127.0.0.1:%%PORT_8052%% udp;
    listen      127.0.0.1:%%PORT_8052%%;
    access_log  %%TESTDIR%%/dns.log dns;
    dns_limit   zone=host burst=3;
    dns_forward . 127.0.0.1:%%PORT_8081%%;

    dns_zone own.test {
        dns_limit  zone=zone burst=1 slip=1;
        dns_pass   127.0.0.1:%%PORT_8081%%;
    }
}

server {
    listen      127.0.0.1:%%PORT_8053%% udp;
    dns_cache   one;
    dns_limit   zone=misses burst=4 slip=1 misses;
}

server {
    listen      127.0.0.1:%%PORT_8054%% udp;
    dns_limit   zone=dry dry_run;
}

server {
    listen      127.0.0.1:%%PORT_8055%% udp;
    dns_limit   zone=text slip=1;
}

server {
    listen      127.0.0.1:%%PORT_8056%% udp;
    dns_limit   zone=fast burst=5 slip=1;
}
EOF_CONF

my $up = $t->upstream(8081, sub { { a => '192.0.2.1' } });

$t->run();

my $i = 0;

# what a query gets: an address, TC, an rcode, or nothing

sub asks {
    my ($port, $n, %o) = @_;
    my $name = delete $o{name};
    my %got;

    for (1 .. $n) {
        my $m = dns_query($t->port($port), $name // 'q' . $i++ . '.test', 'A',
                          timeout => 0.2, %o);

        $got{!$m ? 'none' : $m->{tc} ? 'TC' : $m->{rcode} ne 'NOERROR'
             ? $m->{rcode} : $m->{answers}[0]{data} // 'NODATA'}++;
    }

    return \%got;
}

# a network

is_deeply(asks(8051, 12), { '192.0.2.1' => 10, none => 2 },
          '1 + burst at once; slip=0 drops all');
is_deeply(asks(8051, 1, from => '127.0.0.77'), { none => 1 },
          'another client of the same /24');
is_deeply(asks(8051, 1, from => '127.0.1.77'), { '192.0.2.1' => 1 },
          'one of another');

# a host

is_deeply(asks(8052, 8), { '192.0.2.1' => 4, TC => 2, none => 2 },
          'each second over it is truncated');
is_deeply(asks(8052, 1, from => '127.0.0.78'), { '192.0.2.1' => 1 },
          'another client');
is_deeply(asks(8052, 6, proto => 'tcp'), { '192.0.2.1' => 4, REFUSED => 2 },
          'over TCP there is a count of its own');

my $m = dns_query($t->port(8052), 'x.test', 'A', proto => 'tcp', edns => 1232);

is($m->{rcode}, 'REFUSED', 'refused with EDNS');
is($m->{edns}{options}[0][0], 15, 'and an Extended DNS Error');

is_deeply(asks(8052, 2, name => 'localhost', from => '127.0.0.79'),
          { '127.0.0.1' => 2 }, 'names that are answered here');
is_deeply(asks(8052, 3, from => '127.0.0.79'),
          { '192.0.2.1' => 2, TC => 1 }, 'count, too');

# a zone has limits of its own

is_deeply(asks(8052, 4, name => 'a.own.test'), { '192.0.2.1' => 2, TC => 2 },
          'a zone with its own, in place of those of the server');

# queries that need a server

is_deeply(asks(8053, 20, name => 'hit.test'), { '192.0.2.1' => 20 },
          'hits do not count');
is_deeply(asks(8053, 6), { '192.0.2.1' => 4, TC => 2 }, 'misses do');
is_deeply(asks(8053, 1, name => 'hit.test'), { '192.0.2.1' => 1 },
          'hits after that');

is_deeply(asks(8054, 5), { '192.0.2.1' => 5 }, 'dry_run');

is_deeply(asks(8055, 3), { '192.0.2.1' => 1, TC => 2 }, 'a variable');
is_deeply(asks(8055, 3, name => 'free.test'), { '192.0.2.1' => 3 },
          'an empty one');

# what is counted is given back as time goes

my $r = asks(8056, 40);

cmp_ok($r->{'192.0.2.1'}, '>=', 6, 'at once');
ok($t->wait_for(sub { asks(8056, 1)->{'192.0.2.1'} }), 'and later again');

# over a reload

$t->reload();

is_deeply(asks(8051, 1, from => '127.0.0.77'), { none => 1 },
          'a reload forgets nothing');

my $text = http($t->port(8080), '/metrics')->{body};
my %addr = map { $_ => '127.0.0.1:' . $t->port($_) } 8051 .. 8054;

sub counted {
    my ($port, $zone, $action) = @_;

    return $text =~ /^nginx_dns_limited_total\{
        server="$addr{$port}",zone="$zone",action="$action"\}\ (\d+)$/mx
        ? $1 : 0;
}

is(counted(8051, 'net', 'drop'), 4, 'dropped');
is(counted(8051, 'net', 'truncate'), 0, 'none truncated');
is(counted(8052, 'host', 'truncate') + counted(8052, 'host', 'drop'), 5,
   'truncated or dropped');
is(counted(8052, 'host', 'refuse'), 3, 'refused');
is(counted(8052, 'zone', 'truncate'), 2, 'of a zone');
is(counted(8053, 'misses', 'truncate'), 2, 'misses');
is(counted(8054, 'dry', 'dry_run'), 4, 'dry_run');

like($t->read_file('dns.log'),
     qr/^127.0.0.1 q\d+.test REFUSED "over dns_limit" 503$/m, 'log');

$t->plan();
