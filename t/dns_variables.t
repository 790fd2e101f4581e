#!/usr/bin/perl

# Tests for the variables $dns_* in a log.

use warnings;
use strict;

use Test::More;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::Nginx::DNS;

my $format = join '|', qw/ $dns_qname $dns_qtype $dns_qclass $dns_id
    $dns_opcode $dns_flags $dns_edns_size $dns_do $dns_rcode $dns_answers
    $dns_response_size $dns_zone $dns_upstream $dns_upstream_addr
    $dns_upstream_tries $dns_upstream_time $dns_request_time $dns_error
    $status $protocol $bytes_sent $bytes_received $remote_addr $server_port /;

my @vars = map { s/\$//r } split /\|/, $format;

my $t = Test::Nginx::DNS->new()->plan(13);

$t->write_file_expand('nginx.conf', <<'EOF_CONF' =~ s/VARS/$format/r);

%%TEST_GLOBALS%%

events {
}

stream {
    log_format  f  'VARS';

    dns_upstream u {
        server  127.0.0.1:%%PORT_8081%%;
        server  127.0.0.1:%%PORT_8082%% backup;
    }

    server {
        listen       127.0.0.1:%%PORT_8053%% udp;
        dns_forward  Test u;
        access_log   %%TESTDIR%%/dns.log f;
    }
}

EOF_CONF

$t->upstream(8081, sub {
    my ($query) = @_;
    return $query->{qname} =~ /^fail/ ? { rcode => 'SERVFAIL' }
           : { a => [ '192.0.2.1', '192.0.2.2' ] };
});

$t->upstream(8082, sub { { rcode => 'SERVFAIL' } });

$t->run();

my $port = $t->port(8053);

sub logged {
    my ($line) = (split /\n/, $t->read_file('dns.log'))[-1];
    my %v;
    @v{@vars} = split /\|/, $line, -1;
    return \%v;
}

my $r = dns_query($port, 'Www.A.test', 'AAAA', id => 4711, edns => 1400,
                  cd => 1, ad => 1);
my $v = logged();

my $time = delete $v->{dns_request_time};
my $upstream = delete $v->{dns_upstream_time};

is_deeply($v, {
    dns_qname => 'www.a.test', dns_qtype => 'AAAA', dns_qclass => 'IN',
    dns_id => 4711, dns_opcode => 'QUERY', dns_flags => 'rd ad cd',
    dns_edns_size => 1400, dns_do => 0, dns_rcode => 'NOERROR',
    dns_answers => 2, dns_response_size => $r->{size}, dns_zone => 'Test',
    dns_upstream => 'u', dns_upstream_addr => '127.0.0.1:' . $t->port(8081),
    dns_upstream_tries => 1, dns_error => '-', status => 200,
    protocol => 'UDP', bytes_sent => $r->{size},
    bytes_received => 12 + 12 + 4 + 11, remote_addr => '127.0.0.1',
    server_port => $port,
}, 'an answer');

like($time, qr/^0\.\d{6}$/, '$dns_request_time');
like($upstream, qr/^0\.\d{6}$/, '$dns_upstream_time');

dns_query($port, '\\.test', 'TYPE65280', do => 1);
$v = logged();
is($v->{dns_qtype}, 'TYPE65280', 'a type without a name');
is($v->{dns_do}, 1, 'DO');

dns_query($port, 'fail.test', 'A');
$v = logged();
is($v->{dns_rcode}, 'SERVFAIL', 'failure: rcode');
is($v->{dns_error}, 'upstream failed to answer', 'failure: reason');
is($v->{dns_upstream_tries}, 2, 'failure: tries');
is($v->{status}, 502, 'failure: status');

dns_query($port, 'other', 'A');
$v = logged();
is(join('|', @$v{qw/ dns_zone dns_upstream dns_upstream_addr
                     dns_upstream_time dns_upstream_tries /}), '-|-|-|-|-',
   'refused: none of an upstream');

# addresses as nginx writes them, of one client after another

my @addrs = qw/ 127.0.0.1 127.255.100.99 127.10.9.200 127.0.0.1 127.0.0.1 /;
my $said = join ' ', map {
    dns_query($port, 'www.test', 'A', from => $_);
    logged()->{remote_addr};
} @addrs;
is($said, "@addrs", '$remote_addr');

dns_raw($port, 'short', timeout => 0.1);
$v = logged();
is(join('|', @$v{qw/ dns_qname dns_qtype dns_qclass dns_rcode
                     dns_response_size /}), '-|-|-|-|0', 'no header');
is($v->{bytes_received}, 5, 'no header: size');
