#!/usr/bin/perl

# Tests for dns_local: server_id tells what server this is (RFC 4892).

use warnings;
use strict;

use Test::More;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::Nginx::DNS;

my $t = Test::Nginx::DNS->new()->plan(15);

$t->write_stream(<<'EOF_CONF');
server {
    listen      127.0.0.1:%%PORT_8053%% udp;
    dns_forward . 127.0.0.1:%%PORT_8081%%;
    dns_local   server_id=node-7;
}

server {
    listen      127.0.0.1:%%PORT_8054%% udp;
    dns_forward . 127.0.0.1:%%PORT_8081%%;
    dns_local   server_id localhost;
}

server {
    listen      127.0.0.1:%%PORT_8056%% udp;
    dns_forward . 127.0.0.1:%%PORT_8081%%;
    dns_local   server_id=ns-$hostname.${hostname}/$nginx_version;
}

server {
    listen      127.0.0.1:%%PORT_8055%% udp;
    dns_forward . 127.0.0.1:%%PORT_8081%%;
}
EOF_CONF

$t->upstream(8081, sub { { a => '192.0.2.1' } });
$t->run();

chomp(my $host = lc `hostname`);

is(text(8053, 'id.server'), 'node-7', 'id.server');
is(text(8053, 'HOSTNAME.bind'), 'node-7', 'hostname.bind');
like(text(8053, 'version.server'), qr!^nginx/\d!, 'version.server');
like(text(8053, 'version.bind'), qr!^nginx/\d!, 'version.bind');
is(text(8053, 'other.bind'), 'REFUSED', 'another name');
is(lc text(8054, 'id.server'), $host, 'name of the machine');
like(lc text(8056, 'id.server'), qr!^ns-\Q$host.$host\E/\d+\.\d+\.\d+$!, 'in a text');
is(text(8055, 'id.server'), 'REFUSED', 'not by default');
is(text(8055, 'version.bind'), 'REFUSED', 'no version by default');

my $m = dns_query($t->port(8053), 'id.server', 'A', class => 'CH');

is($m->{rcode} . @{$m->{answers}}, 'NOERROR0', 'NODATA');

$m = dns_query($t->port(8053), 'id.server', 'TXT', class => 'CH');

is($m->{answers}[0]{class}, 3, 'class');
is($m->{answers}[0]{ttl}, 0, 'ttl');

$m = dns_query($t->port(8053), 'id.server', 'A');
is($m->{answers}[0]{data}, '192.0.2.1', 'class IN');

for my $value ('server_id=', 'server_id=' . 'x' x 256) {
    my ($code, $said) = $t->test_config(<<"EOF_CONF");
%%TEST_GLOBALS%%
events { }
stream { dns_local $value; }
EOF_CONF

    like($code ? $said : 'fine', qr/"dns_local": invalid value "server_id=/,
         'length of text');
}

###############################################################################

sub text {
    my ($port, $name) = @_;

    my $m = dns_query($t->port($port), $name, 'TXT', class => 'CH');

    return $m->{answers}[0] ? $m->{answers}[0]{data} : $m->{rcode};
}

###############################################################################
