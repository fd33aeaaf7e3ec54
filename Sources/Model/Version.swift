/// The version of all four programs.
package let linkhealthVersion = "0.1.0"
