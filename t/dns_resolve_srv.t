#!/usr/bin/perl

# Tests for "server HOST resolve service=NAME" (RFC 2782): ports, weights and
# priorities of SRV records.

use warnings;
use strict;

use Test::More;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::Nginx::DNS;
use Test::Nginx::DNS::Status;

my $t = Test::Nginx::DNS->new()->has(qw/ http /)->plan(15)
    ->allow(qr/could not be resolved/);

$t->write_stream(<<'EOF_CONF', pages => 'status', at => 8088);
dns_upstream u {
    resolver          127.0.0.1:%%PORT_8090%% ipv6=off;
    resolver_timeout  500ms;
    server            example.test resolve service=dns;
    health_check      off;
    hedge             off;
}

dns_upstream own {
    resolver          127.0.0.1:%%PORT_8090%% ipv6=off;
    resolver_timeout  500ms;
    server            example.test resolve service=_own._tcp weight=3;
    health_check      off;
    hedge             off;
}

dns_upstream backup {
    resolver          127.0.0.1:%%PORT_8090%% ipv6=off;
    server            127.0.1.9:%%PORT_8081%%;
    server            example.test resolve service=dns backup;
    health_check      off;
    hedge             off;
}

server {
    listen       127.0.0.1:%%PORT_8053%% udp;
    dns_forward  . u;
    dns_forward  own.test own;
    dns_forward  backup.test backup;
}
EOF_CONF

my %port = (a => $t->port(8081), b => $t->port(8082), c => $t->port(8083));

my %server = map {
    my ($name, $n, $port) = @$_;
    ($name => $t->upstream($port, sub { { a => "192.0.2.$n" } },
                           addr => "127.0.1.$n"));
} [ a => 1, 8081 ], [ b => 2, 8082 ], [ c => 3, 8083 ];

my $dns = $t->upstream(8090, sub {
    my ($query, $state) = @_;

    my ($name, $type) = ($query->{qname}, $query->{qtype});

    return { rcode => 'SERVFAIL' } if $state->{"fails $name"};

    if ($type eq 'SRV') {
        my $srv = $state->{$name} // [];
        return { answers => [ map {
            my ($prio, $weight, $port, $target) = @$_;
            [ $name, 'SRV', 1,
              pack('n3', $prio, $weight, $port)
              . join('', map { pack 'C/a*', $_ } split(/\./, $target)) . "\0" ]
        } @$srv ] };
    }

    my ($n) = $name =~ /^ns(\d)/ or return { rcode => 'NXDOMAIN' };
    return { a => "127.0.1.$n", ttl => 1 };
});

my $srv = '_dns._udp.example.test';

$dns->set($srv => [ [ 10, 3, $port{a}, 'ns1.test' ],
                    [ 10, 1, $port{b}, 'ns2.test' ],
                    [ 20, 1, $port{c}, 'ns3.test' ] ]);
$dns->set('_own._tcp.example.test' => [ [ 1, 7, $port{b}, 'ns2.test' ] ]);

$t->run();

my $n = 0;

sub ask { dns_query($t->port(8053), 'n' . $n++ . ".$_[0]", 'A') }

sub used {
    my ($zone) = @_;
    my %used;

    for (1 .. 40) {
        my $r = ask($zone);
        $used{$r->{answers}[0]{data} // $r->{rcode}}++;
    }

    return join ' ', map { s/^192.0.2.//r . "=$used{$_}" } sort keys %used;
}

sub servers {
    my ($name) = @_;
    my ($u) = grep { $_->{upstream} eq $name }
              @{status($t->port(8088))->{upstreams}};

    return join ' ', sort map { "$_->{server}/$_->{weight}"
                                . ($_->{backup} ? '/backup' : '') }
                          @{$u->{servers}};
}

ok($t->wait_for(sub { servers('u') =~ /127.0.1.3/ }), 'resolved');

is(servers('u'), "127.0.1.1:$port{a}/3 127.0.1.2:$port{b}/1 "
                 . "127.0.1.3:$port{c}/1/backup", 'ports, weights, priorities');
is(used('example.com'), '1=30 2=10', 'weights count');
is(servers('own'), "127.0.1.2:$port{b}/3",
   'a name with dots; the weight of the line goes before');
is(used('own.test'), '2=40', 'it is used');
is(servers('backup'), "127.0.1.1:$port{a}/3/backup 127.0.1.2:$port{b}/1/backup"
                      . " 127.0.1.9:$port{a}/1",
   'backup: of the first priority alone');

# the primary ones go away: the next priority is the first

$dns->set($srv => [ [ 20, 1, $port{c}, 'ns3.test' ] ]);
ok($t->wait_for(sub { servers('u') eq "127.0.1.3:$port{c}/1" }),
   'the backup is primary now');
is(used('example.com'), '3=40', 'and used');

# the addresses of a target can't be had: who is known of it stays

$dns->set($srv => [ [ 0, 0, $port{a}, 'ns1.test' ],
                    [ 0, 0, $port{c}, 'ns3.test' ] ]);
ok($t->wait_for(sub { servers('u') eq "127.0.1.1:$port{a}/1 "
                                      . "127.0.1.3:$port{c}/1" }), 'two');

$dns->set('fails ns3.test' => 1);
$dns->set($srv => [ [ 0, 0, $port{b}, 'ns2.test' ],
                    [ 0, 0, $port{c}, 'ns3.test' ] ]);
ok($t->wait_for(sub { servers('u') =~ /127.0.1.2/ }, 8), 'one target fails');
like(servers('u'), qr/127.0.1.3/, 'its server stays');
like($t->error_log(), qr/target "ns3.test" of "example.test" could not be resolved \(2: /,
     'said');

# weights that differ by much

$dns->set('fails ns3.test' => 0);
$dns->set($srv => [ [ 0, 65535, $port{b}, 'ns2.test' ],
                    [ 0, 1, $port{c}, 'ns3.test' ] ]);
ok($t->wait_for(sub { servers('u') eq "127.0.1.2:$port{b}/1000 "
                                      . "127.0.1.3:$port{c}/1" }, 8),
   'made smaller');

$dns->set($srv => []);
is(used('example.com') =~ /=/ ? 1 : 0, 1, 'no records: the last ones stay');
ok($t->wait_for(sub { $t->error_log() =~ /its servers stay/ }, 4), 'said');
